"""Games with known answers."""

import math
from itertools import permutations

import numpy
import pytest

from src.statistics.cooperative_game import additivity, pair_interactions, shapley, walsh


def game(size, value, items=1):
    return numpy.array(
        [[value({s for s in range(size) if c >> s & 1}) for c in range(2**size)]] * items, float
    )


def noise(size, items=7, seed=0):
    return numpy.random.default_rng(seed).normal(size=(items, 2**size))


@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_shares_sum_to_the_gain_of_every_item(size):
    table = noise(size)
    numpy.testing.assert_allclose(shapley(table).sum(axis=1), table[:, -1] - table[:, 0], rtol=0, atol=1e-12)


def test_shapley_is_the_mean_over_all_orders():
    table = noise(4)
    expected = numpy.zeros((len(table), 4))
    for order in permutations(range(4)):
        before = 0
        for player in order:
            expected[:, player] += table[:, before | 1 << player] - table[:, before]
            before |= 1 << player
    numpy.testing.assert_allclose(shapley(table), expected / math.factorial(4), atol=1e-12)


def test_a_player_alone_has_everything():
    table = noise(1)
    numpy.testing.assert_allclose(shapley(table)[:, 0], table[:, 1] - table[:, 0])


def test_a_dummy_has_nothing_and_equals_share_alike():
    table = game(3, lambda c: 5.0 * ({0, 1} <= c))
    numpy.testing.assert_allclose(shapley(table), [[2.5, 2.5, 0]])


def test_an_additive_game():
    gains = numpy.array([0.5, -2.0, 3.0, 1.0])
    table = game(4, lambda c: 7 + sum(gains[s] for s in c))
    numpy.testing.assert_allclose(shapley(table)[0], gains)
    numpy.testing.assert_allclose(pair_interactions(table), 0, atol=1e-12)
    assert additivity(table[0]) == pytest.approx(1)


def test_a_game_of_two_that_need_each_other_to_differ():
    table = game(2, lambda c: float(len(c) == 1))
    numpy.testing.assert_allclose(shapley(table), [[0, 0]])
    assert additivity(table[0]) == 0
    assert pair_interactions(table)[0, 0, 1] == -2


def test_a_constant_game_has_no_additivity():
    assert math.isnan(additivity(game(3, lambda c: 0.1)[0]))


def test_relabelling_base_and_tuned_negates_the_shares():
    table = noise(4)
    numpy.testing.assert_allclose(shapley(table[:, ::-1]), -shapley(table), atol=1e-12)


def test_walsh_coefficients_make_the_game_again():
    table = noise(3)
    coefficients = walsh(table)
    again = numpy.zeros_like(table)
    for coalition in range(8):
        for term in range(8):
            sign = numpy.prod([1 if coalition >> s & 1 else -1 for s in range(3) if term >> s & 1])
            again[:, coalition] += sign * coefficients[:, term]
    numpy.testing.assert_allclose(again, table, atol=1e-12)


def test_the_interaction_of_two_in_three_by_hand():
    table = noise(3)
    v = {c: table[:, c] for c in range(8)}
    expected = ((v[3] - v[1] - v[2] + v[0]) + (v[7] - v[5] - v[6] + v[4])) / 2
    numpy.testing.assert_allclose(pair_interactions(table)[:, 0, 1], expected, atol=1e-12)


def test_a_table_that_is_no_game_is_refused():
    with pytest.raises(ValueError, match="coalitions"):
        shapley(numpy.zeros((2, 6)))


def test_of_a_quadratic_score_the_interaction_of_two_parts_is_their_coupling():
    """v(T) = g D_T + D_T' H D_T / 2, with as many numbers in every part: the pair's is D_a' H_ab D_b."""
    draw, size, wide = numpy.random.default_rng(4), 4, 3
    slope, update = draw.normal(size=size * wide), draw.normal(size=size * wide)
    curved = draw.normal(size=(size * wide, size * wide))
    curved = curved + curved.T
    moved = [
        update * numpy.repeat([coalition >> part & 1 for part in range(size)], wide)
        for coalition in range(2**size)
    ]
    found = pair_interactions(numpy.array([[slope @ one + one @ curved @ one / 2 for one in moved]]))[0]
    parts = [slice(part * wide, (part + 1) * wide) for part in range(size)]
    coupling = numpy.array([[update[a] @ curved[a, b] @ update[b] for b in parts] for a in parts])
    assert found == pytest.approx(coupling * (1 - numpy.eye(size)))
