"""An analysis that is killed goes on bit for bit, and two processes write what one does."""

import os
import shutil

import pytest

from src.intervene.engine import item_table
from tests.forked import Command
from tests.intervene.conftest import command

pytestmark = pytest.mark.faults
LEARNS = ("train.max_steps=20", "train.learning_rate=0.02", "data.num_probe=8")
ASKED = ("--items", 8, "--batch", 3)
FEW = ("intervention.num_random=2", "intervention.num_pushed_blocks=2")
ANALYSES = {
    "causal": ("--controls", "--passages", 3, "--passage-tokens", 16, "intervention.regret=true"),
    "swap": ("intervention.num_segments=3",),
    "merge": ("intervention.num_segments=3", "--passages", 3, "--passage-tokens", 16),
    "patch": (*FEW, "intervention.alphas=[1]"),
    "steer": (*FEW, "intervention.ranks=[1]"),
    "lens": (),
    "carrier": (*FEW[:1], "intervention.max_steps=4", "intervention.warmup_steps=1"),
}


class Killed(BaseException):
    """As a signal ends a process: nothing may catch it."""


@pytest.fixture
def copies(run_folder, tmp_path):
    """A run, and the same run elsewhere: its name stands in the tables."""
    first = run_folder(*LEARNS)

    def copy(name):
        place = tmp_path / name / first.name
        shutil.copytree(first, place, ignore=shutil.ignore_patterns("intervene"))
        return place

    return first, copy


def tables(folder):
    """Every table of numbers and items below the run, as bytes."""
    found = [
        path for kind in ("*.csv", "items.npz", "path.npz") for path in folder.glob(f"intervene/**/{kind}")
    ]
    return {path.relative_to(folder): path.read_bytes() for path in found}


def test_two_processes_that_torchrun_would_start_write_the_tables_of_one(copies, monkeypatch):
    one, two = copies[0], copies[1]("two")
    command(monkeypatch, one, *ASKED)
    names = ("RANK", "LOCAL_RANK")
    ranks = [
        Command(
            "src.intervene",
            two,
            *ASKED,
            env=os.environ | dict.fromkeys(names, str(rank)) | {"WORLD_SIZE": "2"},
        )
        for rank in range(2)
    ]
    said = [rank.communicate(120) for rank in ranks]
    assert [rank.returncode for rank in ranks] == [0, 0], said
    assert "what each block carries" in said[0][0] and not said[1][0]
    assert len(tables(one)) > 8 and tables(two) == tables(one)


@pytest.mark.parametrize("name", ANALYSES)
def test_a_killed_analysis_goes_on_where_it_stood_bit_for_bit(copies, monkeypatch, name):
    whole, cut = copies[0], copies[1]("cut")
    asked = (*ASKED, *ANALYSES[name])
    command(monkeypatch, name, whole, *asked)
    write, left = item_table.write_arrays, [2]

    def killed(path, arrays):
        if path.name.startswith("batch-"):
            left[0] -= 1
            if left[0] < 0:
                raise Killed
        write(path, arrays)

    with monkeypatch.context() as patched:
        patched.setattr(item_table, "write_arrays", killed)
        if name == "lens":  # two passes, which are made anew
            patched.setattr("src.intervene.lens.study.read_pair", killed_reading)
        with pytest.raises(Killed):
            command(monkeypatch, name, cut, *asked)
    assert not any(path.suffix == ".csv" for path in tables(cut))
    kept = {path: path.stat().st_mtime_ns for path in cut.glob("intervene/**/batch-*.npz")}
    assert len(kept) == (0 if name == "lens" else 2)
    command(monkeypatch, name, cut, *asked)
    assert all(path.stat().st_mtime_ns == time for path, time in kept.items())
    assert tables(whole) and tables(cut) == tables(whole)


def killed_reading(*_arguments):
    raise Killed
