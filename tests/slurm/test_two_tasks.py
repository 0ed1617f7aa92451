"""One run on two tasks of a SLURM job: the ranks come from SLURM, and train what one process does."""

import json

import pytest
from on_cluster import steps_of
from one_node import missing

pytestmark = [pytest.mark.slurm, pytest.mark.skipif(missing() is not None, reason=f"no SLURM: {missing()}")]


def test_a_job_of_two_tasks_trains_what_one_process_does(write_sweep, command, tmp_path):
    sections = {"train": {"max_steps": 6}, "method": {"dropout": 0.0}}
    two = {"train.num_processes": 2, "hydra.launcher.tasks_per_node": 2}
    done = command(write_sweep("two", "slurm", sections, [two], method="midblock"), "--wait")
    assert done.stdout.endswith("1 runs: 1 done\n"), done.stderr
    assert "1 runs: 1 done" in command(write_sweep("one", "local", sections, method="midblock")).stdout
    (mine,), (other,) = (list((tmp_path / name / "smoke").glob("midblock-*")) for name in ("two", "one"))
    assert mine.name == other.name
    assert "num_processes: 2" in (mine / "config.yaml").read_text()
    steps = list(zip(steps_of(mine), steps_of(other), strict=True))
    assert len(steps) == 6
    for ours, theirs in steps:
        assert ours["loss"] == pytest.approx(theirs["loss"], rel=2e-4)
    assert json.loads((mine / "run.json").read_text())["status"] == "success"
