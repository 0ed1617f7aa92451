"""What a dry run says of the time: trunk, readings and slopes, each as often as it is really run."""

import pytest

from src.intervene.engine.cost import Pace, num_readings, pace
from src.intervene.engine.variants import score_patterns
from tests.intervene.conftest import replay_of
from tests.intervene.test_variants import items_of, single_patterns


def test_seconds_are_by_token_of_trunk_and_slopes_and_by_position_of_readings(adapted_pair):
    items = items_of(adapted_pair("llama"))
    tokens, positions = items.num_tokens, int(items.num_positions.sum())
    assert 0 < positions < tokens
    found = Pace(trunk=2, reading=3, gradient=5).seconds(items, passes=7, num_read=11, num_gradients=13)
    assert found == tokens * (7 * 2 + 13 * 5) + positions * 11 * 3


def test_readings_are_as_many_as_are_run(adapted_pair, tmp_path):
    adapted = adapted_pair("llama")
    replay, items = replay_of(adapted), items_of(adapted)
    patterns = [replay.gates.base, replay.gates.tuned, *single_patterns(replay)]
    heads = []
    plain = replay.head
    replay.head = lambda states, gate: (heads.append(1), plain(states, gate))[1]
    score_patterns(replay, items, patterns, tmp_path / "table", "pair")
    assert len(heads) == num_readings(patterns) * len(items.batches)


def test_every_part_of_the_pace_is_measured(adapted_pair):
    adapted = adapted_pair("llama")
    replay, items = replay_of(adapted), items_of(adapted)
    told = pace(replay, items, gradients=True)
    assert min(told.trunk, told.reading, told.gradient) > 0
    assert pace(replay, items).gradient == 0


@pytest.mark.parametrize("family", ["rwkv", "mixtral", "mamba"])
def test_slopes_are_timed_as_they_are_taken_where_rows_pass_one_by_one(adapted_pair, family):
    """All weights of RWKV tuned: a module there answers with several values, which one gate a row cannot mix."""
    adapted = adapted_pair(family, "full")
    assert pace(replay_of(adapted), items_of(adapted), gradients=True).gradient > 0
