"""A job that was asked to stop goes back into SLURM's queue, also where the controller hesitates."""

import threading

import pytest

from src.runtime import requeue
from src.runtime.preemption import Preempted
from src.runtime.requeue import Requeue

SHOW, AGAIN = "show job -o 7", "requeue 7"
RUNNING = "echo JobState=RUNNING Reason=None"


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(requeue, "_PAUSE", 0.01)


def stopped(max_restarts=1):
    """What leaves the context of a job that stops: always Preempted."""
    with pytest.raises(Preempted), Requeue(0, max_restarts):
        raise Preempted


def test_a_job_is_put_back_once(scontrol):
    with pytest.raises(Preempted), Requeue(0, 1) as again:
        again.now()
        raise Preempted
    assert scontrol.asked() == [SHOW, AGAIN]


@pytest.mark.parametrize(
    ("hiccup", "asked"),
    [
        ('[ $n = 2 ] && { echo "Unable to contact slurm controller" >&2; exit 1; }', [SHOW, AGAIN] * 2),
        ("[ $n = 1 ] && exit 1", [SHOW, SHOW, AGAIN]),
        ("[ $n = 1 ] && exit 0", [SHOW, SHOW, AGAIN]),
        ("[ $n = 1 ] && exec sleep 5", [SHOW, SHOW, AGAIN]),
    ],
    ids=["refused", "an error", "says nothing", "does not answer"],
)
def test_after_a_hiccup_it_asks_again(scontrol, monkeypatch, hiccup, asked):
    monkeypatch.setattr(requeue, "_TIMEOUT", 0.5)
    scontrol.answer(f"{hiccup}\n{RUNNING}")
    stopped()
    assert scontrol.asked() == asked


def test_a_controller_that_never_answers_does_not_hide_that_the_run_stopped(scontrol, caplog):
    scontrol.answer("echo down >&2; exit 1")
    stopped()
    assert scontrol.asked() == [SHOW] * requeue._TRIES
    assert "did not put it back" in caplog.text


def test_nor_does_a_machine_without_scontrol(scontrol, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    stopped()


@pytest.mark.parametrize(
    ("state", "asked"),
    [
        ("JobState=CANCELLED Reason=None", [SHOW]),
        ("JobState=COMPLETING Reason=None", [SHOW]),
        ("JobState=COMPLETING Reason=TimeLimit", [SHOW, AGAIN]),
    ],
)
def test_what_a_person_has_cancelled_stays_so(scontrol, state, asked):
    scontrol.answer(f"echo {state}")
    stopped()
    assert scontrol.asked() == asked


def test_a_job_starts_again_so_often_and_no_more(scontrol, monkeypatch):
    monkeypatch.setenv("SLURM_RESTART_COUNT", "1")
    stopped(max_restarts=1)
    assert scontrol.asked() == []


def test_a_run_that_ends_waits_for_a_request_that_is_under_way(scontrol):
    """The watching thread dies with the process: a run that stops meanwhile lets it finish first."""
    scontrol.answer(f"sleep 0.2\n{RUNNING}")
    again = Requeue(0, 1)
    watching = threading.Thread(target=again.now)
    watching.start()
    while not scontrol.asked():
        pass
    again.now()
    assert scontrol.asked() == [SHOW, AGAIN]
    watching.join()
