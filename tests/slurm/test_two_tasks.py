"""One run on two tasks of a SLURM job: the ranks come from SLURM, train what one process does, stop together."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from on_cluster import hold, let_go, owner_of, steps_of, take_the_node, wait_for, was_put_back
from one_node import missing

pytestmark = [pytest.mark.slurm, pytest.mark.skipif(missing() is not None, reason=f"no SLURM: {missing()}")]


ROOT = Path(__file__).resolve().parents[2]
TWO = {"train.num_processes": 2, "hydra.launcher.tasks_per_node": 2}


@pytest.fixture
def assert_as_one(write_sweep, command, tmp_path):
    """The run in `folder` took the steps that one process takes."""

    def check(folder, sections):
        done = command(write_sweep("one", "local", sections, method="midblock"))
        assert "1 runs: 1 done" in done.stdout, done.stderr
        (other,) = (tmp_path / "one" / "smoke").glob("midblock-*")
        assert folder.name == other.name
        assert "num_processes: 2" in (folder / "config.yaml").read_text()
        for ours, theirs in zip(steps_of(folder), steps_of(other), strict=True):
            assert ours["step"] == theirs["step"]
            assert ours["loss"] == pytest.approx(theirs["loss"], rel=2e-4)
        assert len(steps_of(folder)) == sections["train"]["max_steps"]
        assert json.loads((folder / "run.json").read_text())["status"] == "success"

    return check


def test_a_job_of_two_tasks_trains_what_one_process_does(write_sweep, command, tmp_path, assert_as_one):
    sections = {"train": {"max_steps": 6}, "method": {"dropout": 0.0}}
    done = command(write_sweep("two", "slurm", sections, [TWO], method="midblock"), "--wait")
    assert done.stdout.endswith("1 runs: 1 done\n"), done.stderr
    (folder,) = (tmp_path / "two" / "smoke").glob("midblock-*")
    assert_as_one(folder, sections)


def test_a_preempted_job_of_two_tasks_stops_together_and_goes_on(
    write_sweep, command, tmp_path, assert_as_one
):
    sections = {"train": {"max_steps": 24, "checkpoint_steps": 100}, "method": {"dropout": 0.0}}
    root = tmp_path / "two"
    process = command(write_sweep("two", "slurm", sections, [TWO], method="midblock"), "--wait", wait=False)
    folder = hold(root)  # rank 0; rank 1 waits for it at the end of the step
    job = owner_of(folder)["job"]
    take_the_node()
    let_go([folder])
    wait_for(lambda: was_put_back(root, job))
    assert len(steps_of(folder)) < 24
    (checkpoint,) = folder.glob("checkpoint-*")  # of the step where both agreed to stop
    assert len(list((checkpoint / "state").glob("*.safetensors"))) == 2
    output, errors = process.communicate(timeout=600)
    assert output.endswith("1 runs: 1 done\n"), errors
    assert_as_one(folder, sections)


@pytest.fixture
def srun(cluster, tmp_path):
    """`srun` of two tasks of `python -m src.run`, by hand."""

    def run(num_processes):
        paths = [f"paths.runs_dir={tmp_path / 'runs'}", f"paths.cache_dir={tmp_path / 'cache'}"]
        return subprocess.run(
            ["srun", "-p", "low", "-n", "2", sys.executable, "-m", "src.run", "debug=smoke", "metrics=none",
             "evaluate=none", "train.max_steps=4", f"train.num_processes={num_processes}", *paths],
            cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=200,
        )  # fmt: skip

    return run


def test_two_tasks_of_srun_are_the_ranks_of_one_run(srun, tmp_path):
    done = srun(2)
    assert done.returncode == 0, done.stdout[-3000:]
    (record,) = (tmp_path / "runs").glob("smoke/*/run.json")
    assert json.loads(record.read_text())["status"] == "success"
    assert done.stdout.count("trained: 4 steps") == 1


def test_tasks_of_srun_that_are_no_ranks_are_refused_once_and_all_end(srun):
    done = srun(1)
    assert done.returncode == 2
    assert done.stdout.count("strata: train.num_processes: given 1; accepted: 2") == 1
