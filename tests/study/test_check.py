"""A fresh study against the committed one: within the committed intervals, or named and status 1."""

import csv
import subprocess
import sys

import pytest

from src.compose import CONF
from src.errors import DataError
from src.study.check import SCORES, compare

COLUMNS = (
    "task,metric,band,method.scaling,seeds,n,before,after,"
    '"95 % interval, low","95 % interval, high",trainable,alpha / rank'
)


@pytest.fixture
def table(tmp_path):
    def write(name, rows, columns=COLUMNS):
        folder = tmp_path / name
        folder.mkdir(parents=True)
        with (folder / SCORES).open("w", newline="") as file:
            file.write(columns + "\n")
            csv.writer(file).writerows(rows)
        return folder

    return write


def row(band, before, after, low, high, scaling="fixed_alpha"):
    return ["heldout", "exact_match", band, scaling, 3, 200, before, after, low, high, 100, 2.0]


COMMITTED = [row("10000", 0.1, 0.2, 0.15, 0.25), row("pretrained", 0.1, "", 0.05, 0.15)]


def test_a_score_agrees_within_the_committed_interval_ends_included(table):
    committed = table("old", COMMITTED)
    fresh = table("new", [row("10000", 0.1, 0.25, 0.2, 0.3), row("pretrained", 0.16, "", 0.1, 0.2)])
    found = {one.arm: one for one in compare(fresh, committed)}
    assert found["heldout, exact_match, 10000, fixed_alpha"].holds
    assert not found["heldout, exact_match, pretrained, fixed_alpha"].holds


def test_rows_are_matched_by_arm_and_not_by_order(table):
    found = compare(table("new", COMMITTED[::-1]), table("old", COMMITTED))
    assert all(one.holds and one.fresh == one.committed for one in found)


def test_an_arm_that_is_missing_does_not_agree(table):
    found = compare(table("new", COMMITTED[:1]), table("old", COMMITTED))
    assert [one.fresh for one in found] == [0.2, None]
    assert [one.holds for one in found] == [True, False]


def test_a_score_without_an_interval_is_nothing_to_agree_with(table):
    found = compare(table("new", COMMITTED), table("old", [*COMMITTED, row("01000", 0.1, 0.3, "", "")]))
    assert len(found) == 2


def test_what_cannot_be_compared_is_one_line(table, tmp_path):
    old = table("old", COMMITTED)
    with pytest.raises(DataError, match=r"nowhere/scores.csv: no such file"):
        compare(tmp_path / "nowhere", old)
    with pytest.raises(DataError, match="has no column 'before'"):
        compare(table("other", [[1]], "band"), old)
    with pytest.raises(
        DataError, match="told apart by task, metric, band; committed: task, metric, band, method"
    ):
        compare(table("fewer", [["x"] * 11], COLUMNS.replace("method.scaling,", "")), old)


@pytest.mark.parametrize(("after", "status", "line"), [(0.24, 0, "2 of 2"), (0.3, 1, "1 of 2")])
def test_the_command_ends_with_its_finding(table, after, status, line):
    committed = table("old", COMMITTED)
    table("runs/report", [row("10000", 0.1, after, 0, 1), COMMITTED[1]])
    command = [sys.executable, "-m", "src.study", "check", str(committed.parent / "runs"), str(committed)]
    done = subprocess.run(command, cwd=CONF.parent, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (status, "")
    assert done.stdout.splitlines()[-1].startswith(f"{line} scores within the committed 95 % intervals")
