"""The tables show what the records say, and a gap where they say nothing."""

import io
import json

import pytest
from rich.console import Console

from src.analysis.experiment import read_study
from src.analysis.find_runs import find_runs
from src.analysis.run_rows import run_rows
from src.errors import UserError
from src.report.markdown import table_markdown
from src.report.sections.runs import COLUMNS
from src.report.table import Table
from src.report.terminal import rich_table


def rows(folder):
    return run_rows(read_study(folder))


def write_run(folder, **changes):
    record = {
        "schema_version": 1,
        "status": "success",
        "seed": 0,
        "choices": {"method": "midblock", "band": "mid", "model": "smollm2_135m"},
        "adapted": {"blocks": [6, 7, 8, 11]},
        "params": {"trainable": 1105920, "total": 135_000_000},
        "seconds": {"train": 61.4, "total": 99.6},
        "model": {}, "git": {"commit": None, "dirty": None},
        "hardware": {"processor": "p", "threads": 1, "device": "cpu"},
        "scores": [
            {"stage": "base", "task": "heldout", "metric": "exact_match", "value": 0.12, "stderr": 0.023, "n": 200},
            {"stage": "step-20", "task": "heldout", "metric": "exact_match", "value": 0.2, "stderr": 0.02, "n": 200},
            {"stage": "tuned", "task": "heldout", "metric": "exact_match", "value": 0.28, "stderr": None, "n": 200},
        ],
    }  # fmt: skip
    folder.mkdir(parents=True)
    chosen = {group: {"name": choice} for group, choice in record["choices"].items()}
    (folder / "config.yaml").write_text(json.dumps(chosen))  # JSON is YAML
    (folder / "run.json").write_text(json.dumps(record | changes))


def test_a_row_shows_before_and_after_with_error_and_n(tmp_path):
    write_run(tmp_path / "a")
    (row,) = rows(tmp_path)
    assert (row["before"], row["after"], row["num_items"]) == ("0.120 ± 0.023", "0.280", "200")
    assert (row["blocks"], row["trainable"]) == ("6-8,11", "1,105,920")
    assert (row["train_s"], row["total_s"]) == ("61", "100")


def test_what_is_missing_is_a_dash_and_never_a_zero(tmp_path):
    write_run(tmp_path / "a", scores=[], seconds={}, adapted={"blocks": []})
    (row,) = rows(tmp_path)
    names = ("task", "before", "after", "num_items", "train_s", "total_s", "blocks")
    table = Table("runs", "Runs", COLUMNS, [row])
    assert {dict(zip(table.keys, cells, strict=True))[name] for cells in table.shown() for name in names} == {
        "–"
    }


def test_unequal_numbers_of_items_are_shown(tmp_path):
    scores = [
        {"stage": stage, "task": "t", "metric": "acc", "value": 0.5, "stderr": None, "n": n}
        for stage, n in (("base", 100), ("tuned", 90))
    ]
    write_run(tmp_path / "a", scores=scores)
    assert rows(tmp_path)[0]["num_items"] == "90/100"


def test_two_metrics_of_a_task_are_two_named_rows(tmp_path):
    scores = [
        {"stage": "tuned", "task": "t", "metric": metric, "value": 0.5, "stderr": None, "n": 4}
        for metric in ("acc", "f1")
    ]
    write_run(tmp_path / "a", scores=scores)
    assert [row["task"] for row in rows(tmp_path)] == ["t acc", "t f1"]


def test_unfinished_failed_and_damaged_runs_are_told_and_not_compared(tmp_path):
    write_run(tmp_path / "done")
    write_run(tmp_path / "failed", status="failed", error="TrainingError: step 3: the loss is nan")
    for name, text in (("open", None), ("torn", '{"status":')):
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.yaml").write_text("")
        if text:
            (tmp_path / name / "run.json").write_text(text)
    runs = find_runs(tmp_path)
    problems = {run.folder.name: run.problem for run in runs}
    assert problems["done"] is None
    assert problems["failed"] == "failed: TrainingError: step 3: the loss is nan"
    assert problems["open"] == "unfinished"
    assert "cannot be read as JSON" in problems["torn"]
    assert len(rows(tmp_path)) == 1


def test_tables_fit_a_hundred_columns(tmp_path):
    write_run(tmp_path / "a", params={"trainable": 123456789, "total": 1})
    table = Table(
        "runs", "title", [one for one in COLUMNS if one.title not in ("condition", "blocks")], rows(tmp_path)
    )
    text = io.StringIO()
    Console(width=100, file=text).print(rich_table(table))
    text = text.getvalue()
    assert max(len(line.rstrip()) for line in text.splitlines()) <= 100
    assert "…" not in text
    assert table_markdown(table).count("\n") == 3


@pytest.mark.parametrize("name", ["nowhere", "."])
def test_a_folder_without_runs_is_one_line(tmp_path, name):
    with pytest.raises(UserError, match="no such folder|holds no run"):
        find_runs(tmp_path / name)
