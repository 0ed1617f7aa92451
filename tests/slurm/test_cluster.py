"""Sweeps on a real SLURM of one node: scancel, several runs a job, a partition that is not there."""

import getpass
import subprocess
import time

import pytest
from on_cluster import squeue, training, wait_for
from one_node import missing

pytestmark = [pytest.mark.slurm, pytest.mark.skipif(missing() is not None, reason=f"no SLURM: {missing()}")]


def test_a_partition_that_does_not_exist_is_one_line_and_nothing_is_submitted(write_sweep, command):
    done = command(write_sweep("there"), "hydra.launcher.partition=nope")
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].endswith("given 'nope'; accepted: high, low")
    assert squeue() == ""


def test_what_a_person_cancels_stays_cancelled_until_rerun(write_sweep, command, tmp_path):
    path = write_sweep("there", sections={"train": {"max_steps": 300}}, seed="0,1")
    assert command(path).returncode == 0
    wait_for(lambda: len(training(tmp_path / "there")) == 2)
    subprocess.run(["scancel", "-u", getpass.getuser()], check=True)
    wait_for(lambda: squeue() == "")
    time.sleep(8)  # a requeued job would wait for the credential's five seconds
    assert squeue() == ""
    assert command("status", path).stdout.endswith("2 runs: 2 lost\n")
    assert "2 runs: 2 done" in command("rerun", path, "--failed", "--wait").stdout


def test_a_job_of_three_runs_goes_on_after_one_that_fails(write_sweep, command, tmp_path):
    cells = [{"seed": 0}, {"seed": 1, "train.learning_rate": 1e30}, {"seed": 2}]
    path = write_sweep("there", cells=cells)
    assert command(path, "--per-job", "3").returncode == 0
    wait_for(lambda: squeue() == "")
    assert len(list((tmp_path / "there").glob("*/.sweep/there/jobs/[0-9]*"))) == 1
    status = command("status", path).stdout
    assert status.endswith("3 runs: 2 done, 1 failed\n")
    assert "the loss is" in status or "the norm of the gradient is" in status
