"""Committed causal profiles are those of their committed items; another processor may round last digits."""

import json
import shutil
from pathlib import Path

import pandas
import pytest

from src.errors import DataError
from src.intervene.causal.tables import SEEN
from src.results.__main__ import main
from src.results.rebuilt_profile import is_kept, rebuild
from src.results.recompute import recompute

CAUSAL = Path(__file__).resolve().parents[2] / "sweeps" / "results" / "causal_profile"
FOLDERS = sorted(path.name for path in CAUSAL.iterdir() if is_kept(path))
OF_ITEMS = {
    "profile.csv",
    "summary.csv",
    "readings.csv",
    "hybrids.csv",
    "against.csv",
    "swap.csv",
    "two_tasks.csv",
}
OF_SEEN = {"predictions.csv", "observed.csv", "fifths.csv", SEEN}


def no_report(*_):
    raise AssertionError("no report is needed")


def expected(folder):
    """The tables that what is committed must give."""
    there = {path.name for path in folder.glob("*.csv")}
    return there & (OF_ITEMS | (OF_SEEN if SEEN in there else set()))


@pytest.mark.parametrize("name", FOLDERS)
def test_every_table_that_items_give_is_given_by_them(name):
    found = {one.name: one.holds for one in recompute(CAUSAL / name, no_report) if "/" not in one.name}
    assert {name for name, holds in found.items() if holds} == expected(CAUSAL / name)


def test_the_folders_are_told_together(capsys):
    with pytest.raises(SystemExit) as end:
        main(["recompute", str(CAUSAL)])
    told = capsys.readouterr().out.splitlines()
    assert end.value.code == 0
    assert [line for line in told if ": the same" not in line] == []
    assert {
        "again_own_steps/merge/merge.csv",
        "miniature/models.csv",
        "again_own_steps/lens/profile.csv",
        "spelling/two_tasks.csv",
    } < {line.split(":")[0] for line in told}


@pytest.fixture
def changed(tmp_path):
    """A committed profile whose largest share was made larger by hand."""
    folder = tmp_path / "spelling"
    shutil.copytree(CAUSAL / "spelling", folder)
    table = pandas.read_csv(folder / "profile.csv")
    table.loc[table["value"].idxmax(), "value"] *= 1.001
    table.to_csv(folder / "profile.csv", index=False)
    return folder


def test_a_changed_number_is_seen_and_mended(changed):
    def state():
        return {one.name: one.state for one in recompute(changed, no_report)}["profile.csv"]

    assert state() == "differs"
    recompute(changed, no_report, write=True)
    assert state().startswith("the same")


def test_a_run_without_items_is_one_line(changed):
    for name, told in (("path-seed-2.npz", "no path of .*-s2-"), ("items-seed-1.npz", "no items of .*-s1-")):
        (changed / name).unlink()
        with pytest.raises(DataError, match=f"holds {told}"):
            rebuild(changed, changed)


def test_a_profile_of_no_run_is_one_line(changed):
    about = json.loads((changed / "about.json").read_text())
    (changed / "about.json").write_text(json.dumps(about | {"runs": ["base_and_tuned"]}))
    with pytest.raises(DataError, match="base_and_tuned: tells no seed"):
        rebuild(changed, changed)
