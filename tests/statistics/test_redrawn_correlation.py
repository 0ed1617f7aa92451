"""How far rows and seeds tell the correlation of two profiles."""

import math

import numpy
import pytest
from scipy import stats

from src.statistics.redrawn_correlation import redrawn_interval, redraws, replicates


def interval(first, second, num_seeds, num_items):
    drawn = redraws(num_seeds, num_items)
    return redrawn_interval(replicates(first, drawn), replicates(second, drawn), drawn)


def table(profile, noise, random, num_seeds=1, num_items=40):
    """[layer, seed, item]: `noise` is the error of a layer's mean over items, and of that over seeds."""
    shape = len(profile), num_seeds, num_items
    found = profile[:, None, None] + noise * math.sqrt(num_items) * random.normal(size=shape)
    return found + (
        noise * math.sqrt(num_seeds) * random.normal(size=shape[:2])[..., None] if num_seeds > 1 else 0
    )


def pair(rho, num_layers, random):
    first, other = random.normal(size=(2, num_layers))
    return first, rho * first + math.sqrt(1 - rho**2) * other


@pytest.mark.parametrize("num_seeds", [1, 3])
@pytest.mark.parametrize("rho", [0.0, 0.6, 0.95])
def test_profiles_of_known_correlation_are_covered(num_seeds, rho):
    """Where percentiles of the draws hold it in a third of the cases (one seed, rho 0.95)."""
    random, hits = numpy.random.default_rng(5), []
    for _ in range(150):
        sides = pair(rho, 20, random)
        tables = [table(side, 0.2, random, num_seeds) for side in sides]
        low, high = interval(*tables, num_seeds, 40)
        if not math.isnan(low):
            hits.append(low - 1e-9 <= stats.spearmanr(*sides).statistic <= high + 1e-9)
    assert len(hits) > 140 and numpy.mean(hits) >= 0.9


def test_a_profile_and_itself_are_one_whatever_is_drawn():
    random = numpy.random.default_rng(1)
    one = table(random.normal(size=12), 0.3, random, 3)
    assert interval(one, one, 3, 40) == (1, 1)
    assert interval(one, -one, 3, 40) == (-1, -1)


def test_monotone_maps_of_a_profile_leave_the_interval():
    """A profile without rows may be mapped in any way that keeps its order, one with rows be stretched."""
    random = numpy.random.default_rng(2)
    fixed, drawn = random.normal(size=(12, 1, 1)), table(random.normal(size=12), 0.2, random)
    expected = interval(fixed, drawn, 1, 40)
    assert -1 < expected[0] < expected[1] < 1
    assert interval(numpy.exp(fixed), 3 * drawn - 5, 1, 40) == pytest.approx(expected)
    assert interval(drawn, fixed, 1, 40) == pytest.approx(expected)


def test_more_rows_make_it_shorter_and_its_width_is_that_of_fresh_rows():
    random = numpy.random.default_rng(3)
    sides = pair(0.6, 20, random)
    rhos, widths = [], []
    for _ in range(60):
        tables = [table(side, 0.1, random) for side in sides]
        rhos.append(math.atanh(stats.spearmanr(*(one.mean(axis=(1, 2)) for one in tables)).statistic))
        low, high = interval(*tables, 1, 40)
        widths.append(math.atanh(high) - math.atanh(low))
    assert 0.8 <= numpy.median(widths) / (2 * 1.96 * numpy.std(rhos)) <= 1.8
    few = [table(side, 0.2, random) for side in sides]
    low, high = interval(*few, 1, 40)
    assert math.atanh(high) - math.atanh(low) > numpy.median(widths)


@pytest.mark.parametrize("made", ["flat", "noise", "fixed"])
def test_what_cannot_be_told_has_no_interval(made):
    random = numpy.random.default_rng(4)
    drawn = table(random.normal(size=12), 0.2, random)
    pairs = {
        "flat": (numpy.ones((12, 1, 1)), drawn),
        "noise": (table(numpy.zeros(12), 1.0, random), drawn),
        "fixed": (random.normal(size=(12, 1, 1)), random.normal(size=(12, 1, 1))),
    }  # fmt: skip
    assert all(math.isnan(end) for end in interval(*pairs[made], 1, 40))
