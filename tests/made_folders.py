"""The folder of a finished run with one file damaged: every command that reads it works or says one line."""

import contextlib
import importlib
import io
import json
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from hypothesis import strategies as st

from src.command.program import TRACEBACK, run_command
from src.pipeline.pipeline import Pipeline
from src.run import execute
from tests.made_input import HOSTILE, JSON, assert_one_line

COMMANDS: dict[str, Callable[[Path], list[str]]] = {
    "suggest": lambda run: ["src.suggest.__main__", str(run), "--rank", "4"],
    "export": lambda run: ["src.export.__main__", str(run), "--to", "peft", "--base", "org/model"],
    "dashboard": lambda run: ["src.dashboard.__main__", str(run.parent), "--dry-run"],
    "by causal": lambda run: ["src.suggest.__main__", str(run), "--by", "causal"],
    "to axolotl": lambda run: ["src.export.__main__", str(run), "--to", "axolotl", "--base", "org/model"],
    "to trl": lambda run: ["src.export.__main__", str(run), "--to", "trl", "--base", "org/model"],
    "cost": lambda run: [
        "src.results.__main__",
        "cost",
        str(run.parent),
        "--started",
        "2020-01-01T00:00:00+00:00",
    ],
    "analyse": lambda run: ["src.analyse", str(run), "--dry-run", "--items", "2"],
    "report": lambda run: ["src.report.__main__", str(run.parent)],
}
QUICK = ("suggest", "export", "dashboard")
FILES = (
    *("run.json", "config.yaml", "layers.csv", "steps.jsonl", "scores.json", "samples.jsonl"),
    *("adapter/adapter_config.json", "adapter/adapter_model.safetensors"),
)


@dataclass(frozen=True)
class Damage:
    """What is done to one file of a run."""

    file: str
    way: str
    """gone, empty, cut (at `where`), flipped (a bit there), text, one of HOSTILE, or key: one value is another."""
    where: float
    """Fraction of the file, or of its keys."""
    text: str
    value: object

    def do(self, folder: Path) -> None:
        """Damage the file in this folder."""
        path = folder / self.file
        content = bytearray(path.read_bytes())
        place = min(int(self.where * len(content)), len(content) - 1)
        if self.way == "gone":
            path.unlink()
        elif self.way == "empty":
            path.write_bytes(b"")
        elif self.way == "cut":
            path.write_bytes(content[:place])
        elif self.way == "flipped":
            content[place] ^= 1 << place % 8
            path.write_bytes(content)
        elif self.way in HOSTILE:
            path.write_bytes(HOSTILE[self.way](bytes(content), place))
        elif self.way == "key" and self.file.endswith(".json"):
            path.write_text(json.dumps(changed(json.loads(content), self.where, self.value)))
        else:
            path.write_text(self.text, encoding="utf-8")


def changed(found: object, where: float, value: object) -> object:
    """JSON with one of its values, or one inside that, replaced."""
    if not isinstance(found, dict | list) or not found:
        return value
    keys = list(found) if isinstance(found, dict) else list(range(len(found)))
    place = where * len(keys)
    key = keys[min(int(place), len(keys) - 1)]
    inner = place % 1
    found[key] = changed(found[key], inner * 2, value) if inner < 0.5 else value
    return found


def damage_of(files: Sequence[str]) -> st.SearchStrategy[Damage]:
    """Any damage of one of these files."""
    return st.builds(
        Damage,
        st.sampled_from(files),
        st.sampled_from(["gone", "empty", "cut", "flipped", "text", "key", "key", "key", *HOSTILE]),
        st.floats(0, 0.999),
        st.text(max_size=20) | JSON.map(json.dumps),
        JSON,
    )


DAMAGE = damage_of(FILES)


def made_run(make_config: Callable, root: Path) -> Path:
    """A small finished run with scores, profiles and an adapter."""
    paths = [f"paths.runs_dir={root}/runs", f"paths.cache_dir={root}/cache"]
    small = ["model.num_blocks=4", "model.width=32", "metrics.names=[weight_change,effective_rank]"]
    config = make_config("debug=smoke", "evaluate.limit=4", *small, *paths)
    execute(config)
    return Pipeline(config).folder.path


def check_folder_of_run(command: str, damage: Damage, whole: Path, place: Path) -> None:
    """A command on a damaged copy of a run: it ends well or in one line, and leaves the run as it was."""
    runs = place / "runs"
    shutil.rmtree(runs, ignore_errors=True)
    folder = runs / whole.name
    shutil.copytree(whole, folder)
    damage.do(folder)
    before = contents(folder)
    status, said = told(*COMMANDS[command](folder))
    assert status in (0, 2), said
    if status == 2:
        assert said.startswith("strata: "), said
        assert_one_line(said)
    assert contents(folder) == before
    assert not list(runs.rglob(".partial-*"))


def told(command: str, *arguments: str) -> tuple[int, str]:
    """Exit status of a command in this process, and the last line on standard error."""
    module = importlib.import_module(command)
    errors = io.StringIO()
    status = 0
    with (
        contextlib.redirect_stderr(errors),
        contextlib.redirect_stdout(io.StringIO()),
        patch.dict(os.environ, {TRACEBACK: "1"}),
    ):
        try:
            run_command(lambda: module.main(list(arguments)))
        except SystemExit as end:
            status = int(end.code or 0)
    lines = errors.getvalue().splitlines()
    return status, lines[-1] if lines else ""


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a run."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


TABLES = ("scores.csv", "differences.csv", "published.csv")


def check_results(damage: Damage, side: str, committed: Path, place: Path) -> None:
    """`src.results check` with one table of the fresh or of the committed study damaged: it compares, or one line."""
    shutil.rmtree(place / "study", ignore_errors=True)
    for name in ("fresh/report", "committed"):
        (place / "study" / name).mkdir(parents=True)
        for table in TABLES:
            shutil.copy(committed / table, place / "study" / name)
    damage.do(place / "study" / side)
    before = contents(place / "study")
    study = place / "study"
    status, said = told("src.results.__main__", "check", str(study / "fresh"), str(study / "committed"))
    assert status in (0, 1, 2), said
    if status == 2:
        assert said.startswith("strata: "), said
        assert_one_line(said)
    assert contents(study) == before
