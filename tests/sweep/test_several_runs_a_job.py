"""A job of a cluster that does several runs in turn: what it does when one of them ends badly."""

import os
import signal
from pathlib import Path

import pytest

from src.errors import ConfigError
from src.runtime.preemption import EXIT_CODE, Preempted, listening, stop_if, stop_requested
from src.sweep.launch import check_launchers
from src.sweep.local import job
from src.sweep.local.outcome import read_outcome, write_outcome


@pytest.fixture
def tasks(tmp_path, monkeypatch):
    """Tasks of this machine, one for each name; their `config` is what `done` understands."""
    monkeypatch.chdir(tmp_path)  # a job enters its folder for good: what comes after it starts where it did

    def make(*names, **endings):
        common = {"folder": str(tmp_path), "signal_delay_s": 0, "max_restarts": 1}
        return [
            {**common, "config": (name, endings.get(name)), "outcome": str(tmp_path / f"{name}.json")}
            for name in names
        ]

    return make


@pytest.fixture
def done(monkeypatch):
    """Which runs were begun. A run may end by an error, or get a signal after its last look at the flag."""
    begun = []

    def execute(config):
        name, ending = config
        begun.append(name)
        if isinstance(ending, BaseException):
            raise ending
        if ending is not None:
            with listening():  # as whatever a run calls may listen too
                os.kill(os.getpid(), ending)

    monkeypatch.setattr(job, "_execute", execute)
    return begun


def outcome_of(task):
    return read_outcome(Path(task["outcome"]))


def test_all_runs_in_their_order(done, tasks):
    job.run_tasks(tasks("a", "b", "c"))
    assert done == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("error", "status", "line"),
    [
        (RuntimeError("no"), 1, "RuntimeError: no"),
        (SystemExit(2), 2, ""),
        (SystemExit("gives up"), 1, "gives up"),
        (SystemExit(), 0, ""),
        (ConfigError("seed: given x"), 2, "strata: seed: given x"),
    ],
    ids=["an error", "a status", "a text", "nothing", "refused"],
)
def test_a_run_that_fails_is_told_by_the_status_and_the_next_has_its_turn(
    done, tasks, error, status, line, capsys
):
    ended = None
    try:
        job.run_tasks(tasks("a", "b", "c", b=error))
    except SystemExit as caught:
        ended = caught.code
    assert (ended or 0) == status
    assert done == ["a", "b", "c"]
    assert line in capsys.readouterr().err


def test_a_job_that_is_asked_to_stop_begins_no_other_run(done, tasks):
    with pytest.raises(SystemExit) as ended:
        job.run_tasks(tasks("a", "b", "c", b=Preempted()))
    assert ended.value.code == EXIT_CODE
    assert done == ["a", "b"]


def test_a_signal_after_the_last_look_of_a_run_stops_the_next(done, tasks, scontrol):
    three = tasks("a", "b", "c", a=signal.SIGTERM)
    with pytest.raises(SystemExit) as ended:
        job.run_tasks(three)
    assert ended.value.code == EXIT_CODE
    assert done == ["a"]
    assert [told and told.state for told in map(outcome_of, three)] == [None, "preempted", None]
    assert scontrol.asked() == ["show job -o 7", "requeue 7"]
    assert not stop_requested()


def test_a_job_that_starts_again_leaves_what_has_failed(done, tasks, monkeypatch):
    two = tasks("a", "b")
    write_outcome(Path(two[0]["outcome"]), "failed", "TrainingError: the loss is nan in step 3")
    write_outcome(Path(two[1]["outcome"]), "preempted", "stopped")
    monkeypatch.setenv("SLURM_RESTART_COUNT", "1")
    with pytest.raises(SystemExit) as ended:
        job.run_tasks(two)
    assert (done, ended.value.code) == (["b"], 1)
    assert outcome_of(two[0]).state == "failed"
    assert outcome_of(two[1]) is None


def test_a_folder_that_is_not_there_is_told(done, tasks, tmp_path, capsys):
    (task,) = tasks("a")
    task["folder"] = str(tmp_path / "gone")
    with pytest.raises(SystemExit) as ended:
        job.run_tasks([task])
    assert (done, ended.value.code) == ([], 2)
    assert outcome_of(task).state == "failed"
    assert f"{tmp_path}/gone: cannot be entered on" in outcome_of(task).detail
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize(("rank", "status"), [(None, EXIT_CODE), ("0", EXIT_CODE), ("1", 0)])
def test_only_rank_0_ends_badly_when_asked_to_stop(tasks, monkeypatch, rank, status):
    """At a bad status srun would kill the others, and rank 0 has to ask for its requeue."""
    if rank is not None:
        monkeypatch.setenv("SLURM_PROCID", rank)
    monkeypatch.setattr(job, "_execute", lambda config: stop_if(True))
    with pytest.raises(SystemExit) as ended:
        job.run_tasks(tasks("a"))
    assert ended.value.code == status


def test_several_processes_and_several_runs_a_job_are_refused(write_sweep, planned, monkeypatch):
    monkeypatch.setattr("src.sweep.launch.check_cluster", lambda launcher, folder: None)
    grid = {"train.num_processes": "2", "hydra.launcher.tasks_per_node": "2"}
    plan = planned(write_sweep(launcher="slurm", **grid))
    check_launchers(plan, 1)
    with pytest.raises(ConfigError, match=r"--per-job: given 2; accepted: 1: a job of launcher slurm"):
        check_launchers(plan, 2)


def test_several_runs_a_job_of_this_machine_are_refused(write_sweep, planned):
    with pytest.raises(ConfigError, match=r"--per-job: given 2; accepted: 1: with launcher=local"):
        check_launchers(planned(write_sweep()), 2)
