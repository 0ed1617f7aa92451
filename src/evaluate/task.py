"""The test rows as a task of lm-eval's own format: a YAML file beside a JSONL file."""

from pathlib import Path
from typing import Any

import yaml

from src.config.schema import DataConfig
from src.data.rows import Row
from src.errors import DataError
from src.evaluate.answer import METRIC, NO_ANSWER, last_answer
from src.files import fingerprint, read_jsonl, write_jsonl, write_text

HELDOUT = "heldout"


class _Function(str):
    """The dotted name of a function, written with the tag that lm-eval resolves."""


class _Dumper(yaml.SafeDumper):
    """Writes `_Function` as `!function name`."""


_Dumper.add_representer(_Function, lambda dumper, name: dumper.represent_scalar("!function", str(name)))


def write_task(rows: list[Row], config: DataConfig, cache_dir: Path) -> Path:
    """Write the task `heldout` of some test rows, unless it is there.

    The folder is named after everything in it, so other rows or settings never meet an old file.

    Returns:
        The folder, for `TaskManager(include_path=...)`.

    Raises:
        DataError: The completion of a row holds no answer.
        StorageError: The folder cannot be written.
    """
    items = [
        {"id": row.id, "prompt": row.prompt, "target": _target(row, config.answer_pattern)} for row in rows
    ]
    root = cache_dir.resolve() / "tasks"
    settings = _settings(config)
    folder = root / fingerprint({"items": items, "settings": settings, "root": str(root)})[:32]
    settings["dataset_kwargs"] = {"path": str(folder / "rows.jsonl")}
    if not (folder / "task.yaml").is_file():  # written last: where it is, the rows are complete
        write_jsonl(folder / "rows.jsonl", items)
        write_text(folder / "task.yaml", yaml.dump(settings, Dumper=_Dumper, allow_unicode=True))
    return folder


def load_items(path: str, **_: Any) -> dict[str, Any]:
    """What lm-eval scores: the rows of a task written by `write_task`, held in memory.

    Reading them as plain text keeps them out of the cache of `datasets`, and a text that looks like a date
    stays a text.
    """
    from datasets import Dataset

    return {"test": Dataset.from_list(read_jsonl(Path(path)))}


def _settings(config: DataConfig) -> dict[str, Any]:
    """The task without its path. The filter is called none, as lm-eval calls the one of a plain task."""
    last_match = {
        "function": "regex",
        "regex_pattern": config.answer_pattern,
        "group_select": -1,
        "fallback": NO_ANSWER,
    }
    return {
        "task": HELDOUT,
        "custom_dataset": _Function("src.evaluate.task.load_items"),
        "test_split": "test",
        "output_type": "generate_until",
        "doc_to_text": "prompt",
        "doc_to_target": "target",
        "num_fewshot": 0,
        "generation_kwargs": {
            "until": list(config.stop),
            "max_gen_toks": config.max_new_tokens,
            "do_sample": False,
        },
        "filter_list": [{"name": "none", "filter": [last_match, {"function": "take_first"}]}],
        "process_results": _Function("src.evaluate.answer.process_results"),
        "metric_list": [{"metric": METRIC, "aggregation": "mean", "higher_is_better": True}],
        "metadata": {"version": 1.0},
    }


def _target(row: Row, pattern: str) -> str:
    """The right answer of a row."""
    answer = last_answer(pattern, row.completion)
    if answer is None:
        end = " ".join(row.completion.split())[-60:]
        raise DataError(
            f"test row {row.id}: data.answer_pattern={pattern!r} finds no answer in its completion "
            f"(...{end!r}); accepted: a pattern that matches every completion, such as '(.+)'"
        )
    return answer
