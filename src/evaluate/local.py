"""Tasks of our own in lm-eval's format: a YAML file beside a JSONL file."""

from pathlib import Path
from typing import Any

import yaml

from src.storage.files import fingerprint, read_jsonl, write_jsonl, write_text


class Function(str):
    """The dotted name of a function, written with the tag that lm-eval resolves."""


class _Dumper(yaml.SafeDumper):
    """Writes `Function` as `!function name`."""


_Dumper.add_representer(Function, lambda dumper, name: dumper.represent_scalar("!function", str(name)))


def write_local(name: str, items: list[dict[str, Any]], settings: dict[str, Any], cache_dir: Path) -> Path:
    """Write a task, unless it is there.

    The folder is named after everything in it, so other items or settings never meet an old file.

    Args:
        name: The task's name.
        items: What is scored, one record an item, `id` among its keys.
        settings: The task as lm-eval reads it, without its name and its data.
        cache_dir: The folder above `tasks`.

    Returns:
        The folder, for `TaskManager(include_path=...)`.

    Raises:
        StorageError: The folder cannot be written.
    """
    root = cache_dir.resolve() / "tasks"
    settings = {
        "task": name,
        "custom_dataset": Function("src.evaluate.local.load_items"),
        "test_split": "test",
        "num_fewshot": 0,
        **settings,
    }
    folder = root / fingerprint({"items": items, "settings": settings, "root": str(root)})[:32]
    settings["dataset_kwargs"] = {"path": str(folder / "rows.jsonl")}
    if not (folder / "task.yaml").is_file():  # written last: where it is, the rows are complete
        write_jsonl(folder / "rows.jsonl", items)
        write_text(folder / "task.yaml", yaml.dump(settings, Dumper=_Dumper, allow_unicode=True))
    return folder


def load_items(path: str, **_: Any) -> dict[str, Any]:
    """What lm-eval scores: the items of a task written by `write_local`, held in memory.

    Reading them as plain text keeps them out of the cache of `datasets`, and a text that looks like a date
    stays a text.
    """
    from datasets import Dataset

    return {"test": Dataset.from_list(read_jsonl(Path(path)))}
