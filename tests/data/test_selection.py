"""Which candidates are taken, by arrays."""

import numpy as np
import pytest

from src.data.selection import by_norm, matched, near_mean, without_trend

ORDER = np.array([3, 1, 4, 0, 2])
NORMS = np.array([5.0, 1.0, 3.0, 9.0, 2.0])


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("low", [1, 4]), ("high", [0, 3]), ("moderate", [2, 4]), ("random", [1, 3]), ("clip", [1, 3])],
)
def test_each_choice(kind, expected):
    assert by_norm(kind, NORMS, 2, ORDER).tolist() == expected
    assert by_norm(kind, 7 * NORMS, 2, ORDER).tolist() == expected  # the scale of the loss is nothing


def test_of_equal_candidates_the_first_are_taken():
    for kind in ("low", "high", "moderate"):
        assert by_norm(kind, np.ones(5), 2, ORDER).tolist() == [0, 1]


def test_all_of_them_are_all_of_them_in_order():
    for kind in ("low", "high", "moderate", "random"):
        assert by_norm(kind, NORMS, 5, ORDER).tolist() == [0, 1, 2, 3, 4]


def test_the_filter_keeps_a_standard_deviation_around_the_mean():
    assert near_mean(np.array([1.0, 1.1, 0.9, 9.0])).tolist() == [0, 1, 2]
    assert near_mean(np.array([2.0])).tolist() == [0]
    assert near_mean(np.full(3, 4.0)).tolist() == [0, 1, 2]
    assert near_mean(np.array([np.nan, 1.0])).tolist() == []


def choose(kind):
    return lambda norms, count: by_norm(kind, norms, count, np.arange(len(norms)))


@pytest.mark.parametrize("kind", ["low", "high", "moderate"])
def test_with_equal_lengths_matched_is_plain(kind):
    draw = np.random.default_rng(0)
    norms = draw.lognormal(size=40)
    plain = by_norm(kind, norms, 8, np.arange(40))
    assert matched(norms, np.full(40, 6.0), 8, choose(kind)).tolist() == plain.tolist()


def test_matching_takes_the_effect_of_length_away_and_leaves_the_rest():
    draw = np.random.default_rng(0)
    lengths = np.repeat([2.0, 4.0, 8.0, 16.0], 20)
    norms = lengths**-0.7 * np.exp(0.1 * draw.normal(size=80))
    for kind in ("low", "high"):
        plain = by_norm(kind, norms, 16, np.arange(80))
        fair = matched(norms, lengths, 16, choose(kind))
        assert len(set(lengths[plain])) == 1  # short ones have the large gradients
        assert np.bincount(lengths[fair].astype(int))[[2, 4, 8, 16]].tolist() == [4, 4, 4, 4]
    low, high = (matched(norms, lengths, 16, choose(kind)) for kind in ("low", "high"))
    assert (norms * lengths**0.7)[low].max() < (norms * lengths**0.7)[high].min()


def test_a_power_of_length_is_a_trend():
    lengths = np.array([1.0, 2.0, 4.0, 9.0])
    assert np.allclose(without_trend(3 * lengths**-0.5, lengths), np.full(4, 3 / lengths.prod() ** 0.125))
    assert without_trend(np.array([0.0, 1.0]), lengths[:2]).tolist() == [0.0, 1.0]


def test_as_many_as_asked_are_taken_whatever_the_bins():
    draw = np.random.default_rng(1)
    for count in (1, 3, 7, 50):
        lengths = draw.integers(1, 30, size=23).astype(float)
        found = matched(draw.lognormal(size=23), lengths, count, choose("moderate"))
        assert len(set(found.tolist())) == min(count, 23)
