"""A state that an index knows is not read again, and one that it no longer knows is."""

import json

import pytest

from src.analysis.run_index import Row, RunIndex, stamp_of
from src.sweep import status_table
from src.sweep.states import read_states
from src.sweep.status_table import run_table


@pytest.fixture
def indexed(write_sweep, planned, finish):
    """The plan of two runs, the first of them finished and in an index."""
    plan = planned(write_sweep(seed="0,1"))
    run = plan.runs[0]
    finish(run)
    RunIndex(run.folder.parent).add([Row(run.id, stamp_of(run.folder), "{}", "{}", {}.get)])
    return plan


def names(plan):
    states = read_states(plan)
    return [states[run.key].name for run in plan.runs]


def test_a_finished_run_is_done_without_its_record_being_read(indexed, monkeypatch):
    monkeypatch.setattr("src.sweep.states.read_json", None)
    assert names(indexed) == ["done", "new"]


def test_a_run_whose_files_are_newer_is_what_they_say(indexed, finish):
    finish(indexed.runs[0], status="failed", error="E: it broke")
    assert names(indexed) == ["failed", "new"]


def test_a_run_that_was_removed_is_new(indexed):
    for path in indexed.runs[0].folder.iterdir():
        path.unlink()
    indexed.runs[0].folder.rmdir()
    assert names(indexed) == ["new", "new"]


def test_of_very_many_runs_those_that_are_not_done_are_shown(indexed, monkeypatch):
    monkeypatch.setattr(status_table, "MOST_ROWS", 1)
    table = run_table(indexed, read_states(indexed))
    assert list(table.columns[0].cells) == ["new"]
    assert table.caption == "1 more runs: status --json lists all"
    assert len(json.loads(status_table.as_json(indexed, read_states(indexed)))["runs"]) == 2
