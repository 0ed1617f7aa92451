"""A job of a cluster that does several runs in turn: what it does when one of them ends badly."""

import pytest

from src.errors import ConfigError
from src.preemption import EXIT_CODE, Preempted
from src.sweep import job
from src.sweep.launch import check_launchers


@pytest.fixture
def done(monkeypatch):
    """Which tasks were begun; a task may name an error that ends it."""
    begun = []

    def run(task):
        begun.append(task["name"])
        if "error" in task:
            raise task["error"]

    monkeypatch.setattr(job, "run_task", run)
    return begun


def test_all_runs_in_their_order(done):
    job.run_tasks([{"name": name} for name in "abc"])
    assert done == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("error", "status"), [(RuntimeError("no"), 1), (SystemExit(2), 2)], ids=["an error", "refused"]
)
def test_a_run_that_fails_is_told_by_the_status_and_the_next_has_its_turn(done, error, status, capsys):
    with pytest.raises(SystemExit) as ended:
        job.run_tasks([{"name": "a"}, {"name": "b", "error": error}, {"name": "c"}])
    assert ended.value.code == status
    assert done == ["a", "b", "c"]
    assert ("RuntimeError: no" in capsys.readouterr().err) == (status == 1)


def test_a_job_that_is_asked_to_stop_begins_no_other_run(done):
    with pytest.raises(SystemExit) as ended:
        job.run_tasks([{"name": "a"}, {"name": "b", "error": Preempted()}, {"name": "c"}])
    assert ended.value.code == EXIT_CODE
    assert done == ["a", "b"]


def test_several_processes_and_several_runs_a_job_are_refused(write_sweep, planned, monkeypatch):
    monkeypatch.setattr("src.sweep.launch.check_cluster", lambda launcher, folder: None)
    grid = {"train.num_processes": "2", "hydra.launcher.tasks_per_node": "2"}
    plan = planned(write_sweep(launcher="slurm", **grid))
    check_launchers(plan, 1)
    with pytest.raises(ConfigError, match=r"--per-job: given 2; accepted: 1: a job of launcher slurm"):
        check_launchers(plan, 2)
