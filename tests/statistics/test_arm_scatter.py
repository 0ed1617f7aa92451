"""One estimator for arms that scatter alike and for those that do not: coverage and family-wise error, simulated."""

import math

import numpy
import pytest
from scipy import stats

from src.statistics.arm_scatter import Scatter, of_contrast, scatter_of_arms
from src.statistics.seeds import paired_by_seed

ROUNDS, ARMS, SEEDS = 1500, 10, 3


def simulate(sd, draw=None):
    """Coverage of the first band's difference to the baseline and of all nine; family-wise error of Holm."""
    random = numpy.random.default_rng(4)
    draw = draw or (lambda shape: random.normal(size=shape))
    covered, errors = [], 0
    for _ in range(ROUNDS):
        table = draw((ARMS, SEEDS)) * sd[:, None] + random.normal(size=SEEDS)
        scatter = scatter_of_arms(table)
        sides = [dict(enumerate(row)) for row in table]
        found = [
            paired_by_seed(sides[arm], sides[0], of_contrast([scatter[arm], scatter[0]], (1, -1)))
            for arm in range(1, ARMS)
        ]
        covered.append([one.interval()[0] <= 0 <= one.interval()[1] for one in found])
        errors += len(found) * min(one.pvalue for one in found) <= 0.05  # the first step of Holm
    covered = numpy.array(covered)
    return covered[:, 0].mean(), covered.mean(), errors / ROUNDS


def scattering(arm=None):
    sd = numpy.ones(ARMS)
    if arm is not None:
        sd[arm] = 3
    return sd


@pytest.mark.parametrize("arm", [None, 0, 1], ids=["alike", "baseline", "one band"])
def test_intervals_cover_and_holm_keeps_its_level(arm):
    first, every, errors = simulate(scattering(arm))
    assert first >= (0.935 if arm is None else 0.905)
    assert 0.915 <= every <= 0.985
    assert errors <= 0.075  # 0.06, and 2.5 standard errors of 1,500 rounds


def test_heavy_tails_are_covered():
    random = numpy.random.default_rng(5)
    first, _, errors = simulate(scattering(), lambda shape: random.standard_t(4, shape))
    assert first >= 0.93 and errors <= 0.075


def test_an_arm_apart_keeps_its_own_variance_and_welch_s_freedom():
    rng = numpy.random.default_rng(1)
    table = rng.normal(0, 0.01, (6, 4))
    table[2] = [0, 1, 2, 5]
    scatter = scatter_of_arms(table)
    assert scatter[2].own and not scatter[4].own
    assert scatter[2].variance == pytest.approx(numpy.var(table[2], ddof=1), rel=0.3)
    found = of_contrast([scatter[2], scatter[4]], (1, -1))
    parts = [(one.variance, one.freedom) for one in (scatter[2], scatter[4])]
    welch = sum(v for v, _ in parts) ** 2 / sum(v**2 / f for v, f in parts)
    assert found.freedom == pytest.approx(welch) and 3 <= found.freedom < 3.1


def test_arms_whose_blocks_differ_by_seed_are_outside_the_pool():
    rng = numpy.random.default_rng(2)
    table = rng.normal(size=(6, 3))
    moved = table.copy()
    moved[5] = rng.normal(0, 50, 3)
    flags = [False] * 5 + [True]
    same = scatter_of_arms(table, flags)[:5]
    found = scatter_of_arms(moved, flags)[:5]
    assert numpy.array(found) == pytest.approx(numpy.array(same))
    assert scatter_of_arms(moved, flags)[5].own


@pytest.mark.parametrize("shape", [(2, 5), (5, 1)])
def test_two_arms_or_one_seed_share_nothing(shape):
    assert scatter_of_arms(numpy.zeros(shape)) is None


def test_power_of_the_test_at_three_seeds_is_what_the_docstring_says():
    freedom = (ARMS - 2) * (SEEDS - 1)
    power = {level: stats.f.sf(stats.f.isf(level, 2, freedom) / 9, 2, freedom) for level in (0.05, 0.3)}
    assert power[0.05] == pytest.approx(0.68, abs=0.02)
    assert power[0.3] == pytest.approx(0.87, abs=0.01)
    assert not math.isclose(power[0.05], power[0.3])


def test_a_contrast_of_arms_alike_weighs_one_variance_and_knows_it_no_better():
    alike = [Scatter(2.0, 18, False)] * 5
    assert of_contrast(alike, [1, -0.25, -0.25, -0.25, -0.25]) == pytest.approx((2.5, 18))
    assert of_contrast([Scatter(0.0, 4, False)] * 2, (1, -1)) == (0.0, 4)
