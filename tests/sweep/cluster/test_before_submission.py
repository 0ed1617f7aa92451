"""What a cluster or a lock stands against is refused in one line, and nothing is submitted."""

import os
import socket
from pathlib import Path

import pytest

from src.errors import ConfigError
from src.sweep.cluster.slurm import check_shared
from src.sweep.launch import FRESH, check_launchers, launch
from src.sweep.ledger import Ledger


@pytest.fixture
def slurm(tmp_path, monkeypatch):
    """A cluster of other machines, as far as its commands tell; `asked` gets a line for each submission."""
    programs, asked = tmp_path / "programs", tmp_path / "asked"
    programs.mkdir()
    answers = {
        "sbatch": f"echo submitted >> {asked}; echo Submitted batch job 7",
        "sinfo": 'case "$*" in *-N*) echo "cpu* node7"; echo "gpu node8" ;; *) echo cpu; echo gpu ;; esac',
        "squeue": "true",
        "scontrol": "echo MaxArraySize = 1001",
    }
    for name, answer in answers.items():
        (programs / name).write_text(f"#!/bin/sh\n{answer}\n")
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    return asked


def refused(done, asked):
    assert done.returncode == 2
    assert not asked.exists()
    (line,) = done.stderr.splitlines()[-1:]
    assert "Traceback" not in done.stderr
    return line


def test_a_partition_that_is_not_there(write_sweep, sweep, slurm):
    line = refused(sweep(write_sweep(launcher="slurm"), "hydra.launcher.partition=nope"), slurm)
    assert line == ("strata: hydra.launcher.partition of launcher slurm: given 'nope'; accepted: cpu, gpu")


def test_a_folder_that_the_nodes_cannot_see(write_sweep, sweep, slurm, tmp_path):
    line = refused(sweep(write_sweep(launcher="slurm"), f"paths.runs_dir={tmp_path}/runs"), slurm)
    assert line.startswith(f"strata: paths.runs_dir: given '{tmp_path}/runs/")
    assert "accepted: a folder that nodes such as node7 see" in line
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("folder", ["/tmp/runs", "/dev/shm/runs", "/var/tmp/a/b"])
def test_temporary_files_are_no_place_for_other_machines_but_for_this_one(folder, tmp_path):
    with pytest.raises(ConfigError, match=r"accepted: a folder that nodes such as node7 see"):
        check_shared("paths.runs_dir", Path(folder), {"node7"})
    check_shared("paths.runs_dir", Path(folder), {socket.gethostname().partition(".")[0]})


def test_the_cache_too_must_be_where_the_nodes_see_it(write_sweep, planned, slurm, monkeypatch, tmp_path):
    monkeypatch.setattr("src.sweep.cluster.slurm._NODE_LOCAL", ())
    monkeypatch.setattr("src.sweep.cluster.slurm._TEMPORARY", (str(tmp_path / "cache"),))
    (tmp_path / "cache").mkdir()
    with pytest.raises(ConfigError, match=rf"paths.cache_dir: given '{tmp_path}/cache'; accepted: a folder"):
        check_launchers(planned(write_sweep(launcher="slurm")))


def test_per_job_counts_against_the_size_of_an_array_by_the_job(write_sweep, planned, slurm, monkeypatch):
    """At most two jobs an array: seven runs, two a job, are four jobs and so two arrays."""
    monkeypatch.setattr("src.sweep.launch.check_cluster", lambda *given: None)
    sent = slurm.parent / "programs" / "sent"
    monkeypatch.setenv("SENT", str(sent))
    programs = slurm.parent / "programs"
    (programs / "scontrol").write_text("#!/bin/sh\necho 'MaxArraySize            = 3'\n")
    counted = 'echo x >> $SENT; grep -h array= "$1" >> $SENT.array; echo Submitted batch job $(wc -l < $SENT)'
    (programs / "sbatch").write_text(f"#!/bin/sh\n{counted}\n")
    (programs / "srun").write_text("#!/bin/sh\n")
    (programs / "srun").chmod(0o755)
    plan = planned(write_sweep(launcher="slurm", seed="0,1,2,3,4,5,6"))
    assert launch(plan, FRESH, 1, 1, lambda: None, per_job=2) == 7
    jobs = [Ledger(plan.folder).read()[run.key].job for run in plan.runs]
    assert jobs == ["1_0", "1_0", "1_1", "1_1", "2_0", "2_0", "2_1"]
    arrays = [line.partition("=")[2] for line in Path(f"{sent}.array").read_text().splitlines()]
    assert [array.partition("%")[0] for array in arrays] == ["0-1", "0-1"]


def test_a_lock_from_the_future_is_one_line_and_nothing_starts(write_sweep, sweep, planned, hold):
    path = write_sweep(seed="0,1")
    run, other = planned(path).runs
    hold(run, -3600)
    done = sweep("rerun", path, "--failed")
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()[-1:]
    assert line.startswith(f"strata: {run.folder}/lock.json: its last heartbeat lies 3")
    assert "in the future" in line
    assert not other.folder.exists()
    assert "1 lost, 1 new" in sweep("status", path).stdout
