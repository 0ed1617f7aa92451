"""What became of a run is told by files: each state from the files that make it."""

import errno
import fcntl
import os
import signal
import subprocess
from pathlib import Path

import pytest

from src.errors import StorageError
from src.record.folder import PREEMPTED
from src.storage import owner
from src.storage.lock import RunLock
from src.sweep.cluster.slurm import restarts
from src.sweep.ledger import Entry, Ledger
from src.sweep.local.outcome import write_outcome
from src.sweep.local.task import outcome, task_file
from src.sweep.states import count, read_states


@pytest.fixture
def one(write_sweep, planned):
    """A plan of one run, and a look at it."""
    plan = planned(write_sweep())
    (run,) = plan.runs
    return plan, run, lambda: read_states(plan)[run.key]


def began(plan, run, job=None):
    ledger = Ledger(plan.folder)
    with ledger.open() as entries:
        entries[run.key] = Entry(job, "local", "2026-01-01T00:00:00+00:00", "code-1")
        ledger.keep(entries)
    if job is None:
        task_file(plan, run).parent.mkdir(parents=True, exist_ok=True)
        task_file(plan, run).write_text("{}")


def test_new_done_and_failed_with_the_last_error(one, finish):
    _, run, state = one
    assert state().name == "new"
    finish(run, "failed", error="TrainingError: the loss is nan in step 3")
    assert (state().name, state().detail) == ("failed", "TrainingError: the loss is nan in step 3")
    finish(run)
    assert state().name == "done"


def test_a_record_that_is_damaged_is_a_failure_that_names_the_file(one, finish):
    _, run, state = one
    finish(run)
    (run.folder / "run.json").write_text('{"status": "succ')
    assert state().name == "failed"
    assert str(run.folder / "run.json") in state().detail


def test_a_run_that_was_refused_says_why_and_is_running_when_it_works_again(one):
    plan, run, state = one
    began(plan, run)
    write_outcome(outcome(plan, run), "failed", "data.path: given 'x'")
    assert (state().name, state().detail) == ("failed", "data.path: given 'x'")
    with RunLock(run.folder):
        assert state().name == "running"


def test_preempted_runs_wait_for_the_next_launch(one):
    plan, run, state = one
    began(plan, run)
    run.folder.mkdir(parents=True)
    (run.folder / "config.yaml").touch()
    (run.folder / PREEMPTED).write_text("{}")
    (run.folder / "steps.jsonl").write_text("{}\n{}\n")
    assert (state().name, state().detail) == ("preempted", "stopped, step 2")


def test_a_job_that_was_to_begin_and_never_did_is_new(one):
    plan, run, state = one
    began(plan, run)
    task_file(plan, run).unlink()
    assert state().name == "new"


def test_a_run_that_shares_its_job_waits_for_those_before_it(write_sweep, planned, hold, monkeypatch):
    monkeypatch.setattr("src.sweep.states.queue", lambda: {"7": "RUNNING"})
    plan = planned(write_sweep(seed="0,1"))
    first, second = plan.runs
    for run in plan.runs:
        began(plan, run, job="7")
    hold(first, job="7")
    states = read_states(plan)
    assert (states[first.key].name, states[second.key].name) == ("running", "queued")
    assert states[second.key].detail == "job 7 has other runs before it"


@pytest.mark.parametrize(
    ("holder", "again", "name", "detail"),
    [
        ("7", 0, "lost", "job 7: node silent for 7"),
        ("7", None, "lost", "job 7: node silent for 7"),
        ("7", 1, "running", "job 7: running, begins"),
        ("6", 0, "running", "job 7: running, begins"),
    ],
    ids=["its start", "no answer", "a later start", "an earlier job"],
)
@pytest.mark.parametrize("shared", [False, True])
def test_a_node_that_died_is_found_before_slurm_finds_it(
    write_sweep, planned, hold, monkeypatch, holder, again, name, detail, shared
):
    monkeypatch.setattr("src.sweep.states.queue", lambda: {"7": "RUNNING"})
    monkeypatch.setattr("src.sweep.states.restarts", {"7": again}.get)
    plan = planned(write_sweep(seed="0,1"))
    first, second = plan.runs
    began(plan, first, job="7")
    if shared:
        began(plan, second, job="7")
    hold(first, 70, job=holder)
    state = read_states(plan)[first.key]
    if shared and name == "running":
        name, detail = "queued", "job 7 has other runs before it"
    assert state.name == name
    assert state.detail.startswith(detail)
    assert state.job == "7"


def test_how_often_a_job_began_again_is_asked_of_slurm(scontrol):
    scontrol.answer("echo JobId=7 JobName=x Requeue=1 Restarts=2 BatchFlag=1")
    assert restarts("7") == 2
    scontrol.answer("exit 1")
    assert restarts("7") is None


def test_a_killed_process_is_lost_at_once(one):
    plan, run, state = one
    began(plan, run)
    process = subprocess.Popen(["sleep", "60"])
    run.folder.mkdir(parents=True)
    holder = {**vars(owner.myself()), "pid": process.pid, "started": owner.started(process.pid)}
    owner.write_owner(run.folder, owner.Owner(**holder))
    assert state().name == "running"
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert state().name == "lost"
    assert f"pid {process.pid} is gone" in state().detail


@pytest.mark.parametrize(
    ("seconds_ago", "name"), [(0, "running"), (50, "running"), (70, "lost"), (-5, "running"), (-100, "lost")]
)
def test_of_another_machine_only_the_heartbeat_tells(one, hold, seconds_ago, name):
    _, run, state = one
    hold(run, seconds_ago)
    assert state().name == name


def test_a_lock_from_the_future_says_what_to_do(one, hold):
    _, run, state = one
    hold(run, -3600)
    assert "in the future: a clock was set; if no job works there, remove" in state().detail
    assert str(run.folder / owner.NAME) in state().detail


def test_the_last_line_counts_in_a_fixed_order(write_sweep, planned, finish, hold):
    plan = planned(write_sweep(seed="0,1,2,3,4"))
    finish(plan.runs[0])
    finish(plan.runs[1], "failed", error="x")
    hold(plan.runs[2])
    hold(plan.runs[3], 1000)
    assert count(read_states(plan)) == "5 runs: 1 done, 1 running, 1 failed, 1 lost, 1 new"


@pytest.mark.parametrize("text", ["{", "{}", '{"host": 1}', "[]"])
@pytest.mark.parametrize("kind", ["lock", "outcome", "record"])
def test_one_damaged_file_is_the_failure_of_its_run_alone(write_sweep, planned, finish, kind, text):
    plan = planned(write_sweep(seed="0,1"))
    first, second = plan.runs
    finish(second)
    path = {
        "lock": first.folder / owner.NAME,
        "outcome": outcome(plan, first),
        "record": first.folder / "run.json",
    }[kind]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    states = read_states(plan)
    assert (states[first.key].name, states[second.key].name) == ("failed", "done")
    assert states[first.key].detail.startswith(f"{path}: ")


@pytest.mark.parametrize("number", [errno.EROFS, errno.ENOSPC, errno.EACCES])
def test_a_folder_that_takes_no_files_can_be_looked_at(one, hold, monkeypatch, number):
    _, run, state = one
    hold(run, 5)

    def refuse(path):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(Path, "touch", refuse)
    assert state().name == "running"


def test_a_file_system_without_locks_is_one_line(one, monkeypatch):
    plan, run, _ = one

    def refuse(descriptor, operation):
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", refuse)
    for context in (Ledger(plan.folder).open(), RunLock(run.folder)):
        with pytest.raises(StorageError, match="no file locks on this file system"), context:
            pass


def test_looking_changes_nothing(one, hold, tmp_path):
    _, run, state = one
    hold(run)
    before = sorted(tmp_path.rglob("*"))
    state()
    assert sorted(tmp_path.rglob("*")) == before
    assert os.listdir(run.folder) == [owner.NAME]
