"""Whoever watches a sweep outlives a controller that does not answer for a while."""

import pytest

from src.errors import SchedulerError
from src.sweep import watch
from src.sweep.states import State
from src.sweep.watch import Watch

HICCUP = SchedulerError("squeue: SLURM does not answer (Unable to contact slurm controller)")


@pytest.fixture
def answers(monkeypatch):
    """What looks find, one after the other: states or an error."""

    def give(*found):
        left = list(found)

        def read_states(plan):
            one = left.pop(0)
            if isinstance(one, Exception):
                raise one
            return {run.key: State(one, "", "7") for run in plan.runs}

        monkeypatch.setattr(watch, "read_states", read_states)
        monkeypatch.setattr(watch, "_EVERY", 0)
        return left

    return give


def test_waiting_goes_on_after_a_hiccup(write_sweep, planned, answers):
    left = answers("queued", HICCUP, HICCUP, "running", "done")
    (state,) = Watch(planned(write_sweep()), visible=False).until_ended().values()
    assert (state.name, left) == ("done", [])


def test_where_nothing_was_ever_seen_the_error_is_told(write_sweep, planned, answers):
    answers(HICCUP)
    with pytest.raises(SchedulerError, match="Unable to contact"):
        Watch(planned(write_sweep()), visible=False).until_ended()


def test_a_glance_keeps_what_was_seen_and_ends_nothing(write_sweep, planned, answers):
    left = answers("running", HICCUP)
    watched = Watch(planned(write_sweep()), visible=True)
    watched.glance()
    watched.glance()
    assert left == []
    assert watched._progress.tasks[0].description == f"1 runs: 1 running ({HICCUP})"
