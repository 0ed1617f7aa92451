"""A launch that is refused leaves everything as it was; two at once start each run once."""

import json
import os

import pytest

from src.errors import LockedError, SchedulerError
from src.storage import owner
from src.sweep.launch import BROKEN, launch
from src.sweep.ledger import Entry, Ledger
from src.sweep.local.outcome import write_outcome
from src.sweep.local.task import outcome, task_file
from src.sweep.states import read_states


@pytest.fixture
def failed(planned, write_sweep):
    """A plan whose runs have failed, as the file beside its jobs says."""

    def make(*, job, **sweep):
        plan = planned(write_sweep(**sweep))
        ledger = Ledger(plan.folder)
        with ledger.open() as entries:
            for run in plan.runs:
                entries[run.key] = Entry(job, run.launcher.name, "2026-01-01T00:00:00+00:00", "code-1")
                write_outcome(outcome(plan, run), "failed", "data.path: given 'x'")
                task_file(plan, run).parent.mkdir(parents=True, exist_ok=True)
                task_file(plan, run).write_text("{}")
            ledger.keep(entries)
        return plan

    return make


def again(plan):
    return launch(plan, BROKEN, 1, 1, lambda: None)


def told(plan):
    return {state.detail for state in read_states(plan).values() if state.name == "failed"}


def test_beside_a_living_pool_nothing_is_forgotten(failed):
    plan = failed(job=None)
    other = owner.Owner(**{**vars(owner.myself()), "host": "node7", "boot": "another"})
    owner.write_owner(plan.folder, other)
    with pytest.raises(LockedError, match="in use by host node7"):
        again(plan)
    assert told(plan) == {"data.path: given 'x'"}
    assert task_file(plan, plan.runs[0]).is_file()


@pytest.fixture
def sbatch(tmp_path, monkeypatch):
    """A cluster whose sbatch is a shell script; jobs never wait or run."""
    programs = tmp_path / "programs"
    programs.mkdir()

    def write(name, script):
        (programs / name).write_text(f"#!/bin/sh\n{script}\n")
        (programs / name).chmod(0o755)

    write("squeue", "true")
    write("srun", "true")
    write("scontrol", "echo MaxArraySize = 1001")
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    monkeypatch.setattr("src.sweep.launch.check_cluster", lambda *given: None)
    return lambda script: write("sbatch", script)


def test_what_sbatch_refuses_is_not_forgotten_and_what_it_took_is(failed, sbatch, tmp_path):
    cells = [{"seed": 0}, {"seed": 1, "hydra.launcher.timeout_min": 7}]
    plan = failed(job="5", launcher="slurm", cells=cells)
    sbatch(f"echo x >> {tmp_path}/n; [ $(wc -l < {tmp_path}/n) = 1 ] && echo Submitted batch job 7 || exit 1")
    with pytest.raises(SchedulerError, match="sbatch refused"):
        again(plan)
    taken, refused = plan.runs
    assert not outcome(plan, taken).exists()
    assert json.loads(outcome(plan, refused).read_text())["detail"] == "data.path: given 'x'"
    assert Ledger(plan.folder).read()[taken.key].job.startswith("7")
    assert Ledger(plan.folder).read()[refused.key].job == "5"
