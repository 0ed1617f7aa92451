"""Where a profile lies, as ratios with intervals."""

import math

import numpy
import pytest
import scipy.stats

from src.intervene.causal.profile import no_gain
from src.intervene.causal.summary import DIFFERENCE, contrasts, differences, summaries
from src.intervene.quantity import Quantity, quantity
from src.probe.table.depth_profile import change_location

NUM_BLOCKS = 10


def profile(score, shares, num_items, seed, num_seeds=3):
    draw = numpy.random.default_rng(seed)
    cells = draw.normal(0, 0.05, (NUM_BLOCKS, num_seeds, num_items))
    found = [Quantity(score, "path", f"block {b}", share + cells[b]) for b, share in enumerate(shares)]
    return [Quantity(score, "gain", "all", sum(one.values for one in found)), *found]


def by_name(found, score):
    return {one.name: one for one in found if one.score == score}


def test_width_is_that_of_the_depth_reports_with_an_interval():
    rows = profile("logp", numpy.linspace(0.2, 2, NUM_BLOCKS), 50, 0)
    one = by_name(summaries(rows, NUM_BLOCKS), "logp")["path_width"]
    means = numpy.array([row.estimate.value for row in rows[1:]])
    assert one.value == pytest.approx(change_location(range(NUM_BLOCKS), means)["width"], abs=1e-9)
    assert 0 < one.low < one.value < one.high <= 0.5


def test_the_interval_of_width_covers_it_as_often_as_said():
    shares = numpy.linspace(0.2, 2, NUM_BLOCKS)
    true = change_location(range(NUM_BLOCKS), shares)["width"]
    missed = 0
    for seed in range(60):
        one = by_name(summaries(profile("logp", shares, 20, seed), NUM_BLOCKS), "logp")["path_width"]
        missed += not one.low <= true <= one.high
    assert missed <= 8


def test_the_difference_is_that_of_the_two_profiles_whatever_the_units_and_items():
    late, early = numpy.linspace(0.2, 2, NUM_BLOCKS), numpy.linspace(200, 20, NUM_BLOCKS)
    rows = profile("logp", late, 50, 0) + profile("english", early, 30, 1)
    both = [by_name(summaries(rows, NUM_BLOCKS), score) for score in ("logp", "english")]
    gaps = by_name(differences(rows, NUM_BLOCKS), DIFFERENCE)
    for name in ("path_centre", "path_relative_slope", "path_width"):
        assert gaps[name].value == pytest.approx(both[0][name].value - both[1][name].value, abs=1e-9)
    assert gaps["path_centre"].low > 0
    assert sum(gaps[f"block {b}"].value for b in range(NUM_BLOCKS)) == pytest.approx(0, abs=1e-9)
    assert list(differences(rows[:11], NUM_BLOCKS)) == []


def test_two_arms_of_the_same_seeds_and_items_are_paired():
    rows = profile("logp", numpy.linspace(0.2, 2, NUM_BLOCKS), 20, 0)
    same = by_name(contrasts(rows, rows, NUM_BLOCKS), "logp")
    assert {one.value for one in same.values()} == {one.high for one in same.values()} == {0}
    flat = profile("logp", numpy.ones(NUM_BLOCKS), 20, 1)
    gaps = by_name(contrasts(rows, flat, NUM_BLOCKS), "logp")
    both = [by_name(summaries(one, NUM_BLOCKS), "logp") for one in (rows, flat)]
    slope = gaps["path_relative_slope"]
    assert slope.value == pytest.approx(both[0][slope.name].value - both[1][slope.name].value, abs=1e-9)
    assert slope.low > 0
    assert gaps["block 9"].value == pytest.approx(2 / 11 - 0.1, abs=0.01)


def test_a_pilot_says_how_many_items_would_do():
    """The half-width is that of the inner fifths' sum over the gain, and four times the items halve it."""
    draw = numpy.random.default_rng(3)
    shares = 1 + draw.normal(0, 2, (5, 1, 40))
    rows = [Quantity("logp", "shapley", f"blocks {2 * i}-{2 * i + 1}", one) for i, one in enumerate(shares)]
    found = {one.name: one.value for one in summaries(rows, 10)}
    inner = shares[1:4].sum(axis=0)[0]
    reach = scipy.stats.t.ppf(0.975, 39) * inner.std(ddof=1) / 40**0.5
    assert found["middle_known_to"] == pytest.approx(reach / shares.sum(axis=0).mean())
    assert found["items_for_a_tenth"] == math.ceil(40 * (found["middle_known_to"] / 0.1) ** 2)


@pytest.mark.parametrize(
    ("size", "line"),
    [
        (1e-3, ""),
        (3e-7, "leaves 0 out, above rounding (1e-06)"),
        (0.0, "needed: one whose interval leaves 0 out"),
    ],
)
def test_a_gain_of_what_float32_rounds_has_no_profile(size, line):
    noise = numpy.random.default_rng(0).normal(0, 1e-8, 20)
    found = no_gain(quantity("logp", "gain", "all", size + noise - noise.mean()))
    assert found.endswith(line) and bool(found) == bool(line)
