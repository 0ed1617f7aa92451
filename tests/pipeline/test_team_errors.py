"""What one of several ranks meets is told once, by rank 0; what all have found comes in the order of the batches."""

from contextlib import nullcontext
from types import SimpleNamespace

import pytest

import src.pipeline.team as room
from src.errors import ModelError
from src.runtime.preemption import Preempted
from src.runtime.spread import parts


@pytest.fixture
def team(tmp_path, monkeypatch):
    """Rank 0 of three, whose others have found what is given."""
    begun = []
    ranks = SimpleNamespace(
        count=3,
        begin=lambda *_: begun.append(1),
        together=lambda *_: nullcontext(),
        ask_to_stop=lambda: None,
    )
    prepared = SimpleNamespace(
        adapted=SimpleNamespace(model="model", loaded=SimpleNamespace(tokenizer="reads"))
    )

    def of(*found):
        monkeypatch.setattr(room, "_share", lambda *_, stopped: list(found))
        return room.Team(ranks, None, tmp_path, lambda: prepared), begun

    return of


def told(model, tokenizer, batch, shared):
    return model, tokenizer, batch, shared


def test_what_ranks_found_is_in_the_order_of_the_batches(team):
    measure, _ = team(["a", "d"], ["b", "e"], ["c"])
    assert measure(told, [1, 2, 3, 4, 5], None, "probe") == ["a", "b", "c", "d", "e"]
    assert parts([1, 2, 3, 4, 5], 3) == [[1, 4], [2, 5], [3]]
    assert parts([1, 2], 3) == [[1], [2]]


def test_an_error_of_any_rank_is_raised_and_a_stop_of_any_stops_all(team):
    with pytest.raises(ModelError, match="row 7"):
        team(["a"], None, ModelError("row 7"))[0](told, [1, 2, 3], None, "probe")
    with pytest.raises(Preempted):
        team(["a"], ["b"], None)[0](told, [1, 2, 3], None, "probe")


def test_one_batch_is_no_reason_to_start_others(team):
    measure, begun = team()
    assert measure(told, ["batch"], "shared", "probe") == [("model", "reads", "batch", "shared")]
    assert not begun
