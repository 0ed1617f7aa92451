"""What choosing blocks by a profile loses, where the truth is known."""

import numpy
import pytest

from src.intervene.causal.regret import (
    BEST,
    NUM_RANDOM,
    chosen_quantities,
    pattern_of,
    random_sets,
    regrets,
    top,
)
from src.intervene.engine.item_table import ItemTable
from tests.intervene.test_causal_shares import ITEMS, Moved

NUM_BLOCKS = 10
WORTH = numpy.array([0.0, 3.0, 1.0, 7.0, 2.0, 9.0, 4.0, 8.0, 5.0, 6.0])


@pytest.fixture(scope="module")
def lost():
    """Regret of each profile, where every block of a set adds its own worth."""
    gates, draw = Moved(range(NUM_BLOCKS)), numpy.random.default_rng(0)
    moved = list(range(NUM_BLOCKS))
    random = random_sets(moved, NUM_BLOCKS, 0)
    profiles = {BEST: WORTH, "itself": 5 * WORTH, "reversed": -WORTH}
    profiles |= {f"blind {i}": draw.permutation(WORTH) for i in range(200)}
    sets = {name: top(values, moved) for name, values in profiles.items()}
    every = dict.fromkeys([frozenset(), *random, *sets.values()])
    columns = [WORTH[list(one)].sum() + draw.normal(0, 0.1, ITEMS) for one in every]
    variants = [pattern_of(gates, one) for one in every]
    table = ItemTable([str(i) for i in range(ITEMS)], variants, {"logp": numpy.stack(columns, axis=1)})
    return regrets(list(chosen_quantities(gates, table, "logp", sets, random)))


def test_the_target_itself_has_no_regret_and_its_reverse_more_than_chance(lost):
    assert lost["itself"].value == pytest.approx(0, abs=1e-12)
    assert lost["reversed"].value == pytest.approx((17 - 1) / (17 - 9), rel=0.1)
    assert lost["reversed"].low < lost["reversed"].value < lost["reversed"].high


def test_a_blind_choice_has_a_regret_of_one_on_average(lost):
    blind = [one.value for name, one in lost.items() if name.startswith("blind")]
    assert numpy.mean(blind) == pytest.approx(1, abs=0.15)


def test_a_fifth_of_the_blocks_that_moved_is_chosen():
    assert top(WORTH, range(NUM_BLOCKS)) == {5, 7}
    assert top(WORTH, [0, 2, 4]) == {2, 4}
    assert top(numpy.ones(NUM_BLOCKS), range(NUM_BLOCKS)) == {0, 1}
    drawn = random_sets([1, 4, 6], NUM_BLOCKS, 0)
    assert len(drawn) == NUM_RANDOM and {len(one) for one in drawn} == {2}
    assert set().union(*drawn) == {1, 4, 6}
    assert random_sets([1, 4], NUM_BLOCKS, 0) == []
    assert regrets([]) == {}
