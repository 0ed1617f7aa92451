"""Correlations of profiles over depth, and intervals that stay within their bounds."""

import math
from dataclasses import replace

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from src.statistics.bounded import (
    correlation_interval,
    distance_ends,
    ends_within,
    rank_interval,
    share_ends,
)
from src.statistics.bounds import AMOUNT, COSINE, FREE, SHARE
from src.statistics.estimate import Estimate
from src.statistics.profile_correlation import effective_n, profile_correlation
from src.statistics.student import t_reach


def autoregressive(phi, random, n=30):
    noise = random.normal(size=n)
    values = [noise[0] / math.sqrt(1 - phi**2)]
    for one in noise[1:]:
        values.append(phi * values[-1] + one)
    return values


@pytest.mark.parametrize(
    ("phi", "least", "most"), [(0.5, 0.03, 0.065), (0.9, 0.03, 0.065), (0.97, 0.04, 0.095)]
)
def test_error_for_independent_profiles_is_near_its_level(phi, least, most):
    random = numpy.random.default_rng(11)
    pairs = [(autoregressive(phi, random), autoregressive(phi, random)) for _ in range(800)]
    found = [profile_correlation(*pair) for pair in pairs]
    assert least <= numpy.mean([one.pvalue < 0.05 for one in found]) <= most
    rho = numpy.array([one.rho for one in found])
    naive = 2 * stats.t.sf(abs(rho) * numpy.sqrt(28 / (1 - rho**2)), 28)
    assert numpy.mean(naive < 0.05) > most


def test_rho_is_spearmans_and_unchanged_by_monotone_maps():
    random = numpy.random.default_rng(3)
    first, second = random.normal(size=(2, 25))
    found = profile_correlation(first, second)
    assert found.rho == pytest.approx(stats.spearmanr(first, second).statistic)
    mapped = profile_correlation(numpy.exp(first), second**3)
    assert mapped == pytest.approx(found)


def test_white_series_are_worth_their_length_and_smooth_ones_less():
    smooth = numpy.sin(numpy.linspace(0, 3, 30))
    assert effective_n(smooth, smooth) < 10
    white = numpy.random.default_rng(4).normal(size=(2, 400))
    assert effective_n(*white) > 300
    assert 3 <= profile_correlation(range(30), range(30)).effective_n <= 30


def test_a_constant_profile_correlates_with_nothing():
    found = profile_correlation([1, 1, 1, 1, 1], [1, 2, 3, 4, 5])
    assert math.isnan(found.rho) and math.isnan(found.pvalue)


@pytest.mark.parametrize("wrong", [[1, 2, 3], [1, 2, 3, math.nan], [1, 2, 3, 4, 5]])
def test_profiles_that_do_not_fit_are_refused(wrong):
    with pytest.raises(ValueError, match="profiles"):
        profile_correlation([1, 2, 3, 4], wrong) if len(wrong) != 3 else profile_correlation(wrong, wrong)


def test_correlation_interval_is_fishers():
    oracle = stats.pearsonr(*numpy.random.default_rng(5).normal(size=(2, 40)))
    found = correlation_interval(oracle.statistic, 40)
    assert found == pytest.approx(tuple(oracle.confidence_interval()))
    assert all(math.isnan(end) for end in correlation_interval(0.4, 3))
    assert all(math.isnan(end) for end in correlation_interval(1.0, 5))  # others may lie off the line


def test_rank_interval_is_bonett_and_wrights():
    low, high = rank_interval(0.8, 12)
    reach = 1.959964 * ((1 + 0.8**2 / 2) / 9) ** 0.5
    assert [math.atanh(low), math.atanh(high)] == pytest.approx(
        [math.atanh(0.8) - reach, math.atanh(0.8) + reach]
    )
    assert rank_interval(0.0, 12) == pytest.approx(correlation_interval(0.0, 12))


def test_few_strongly_correlated_cells_are_covered():
    """Where a bootstrap over five cells holds the truth in 0.68."""
    random = numpy.random.default_rng(3)
    truth = 6 / math.pi * math.asin(0.95 / 2)
    rhos = [
        stats.spearmanr(random.multivariate_normal([0, 0], [[1, 0.95], [0.95, 1]], 5)).statistic
        for _ in range(400)
    ]
    found = [ends for rho in rhos if not math.isnan((ends := rank_interval(rho, 5))[0])]
    assert len(found) > 200 and numpy.mean([low <= truth <= high for low, high in found]) >= 0.93


@given(st.floats(0.001, 0.999), st.floats(0.0001, 0.5), st.integers(1, 50))
def test_shares_and_distances_stay_within_their_bounds(value, stderr, freedom):
    reach = t_reach(stderr, freedom)
    low, high = share_ends(value, reach)
    assert 0 <= low <= value <= high <= 1
    low, high = distance_ends(value, reach)
    assert 0 <= low <= value <= high


@given(st.floats(0, 1), st.floats(0, 5), st.sampled_from([FREE, SHARE, AMOUNT, COSINE, (None, 1.0)]))
def test_an_interval_within_bounds_holds_its_value(value, reach, bounds):
    low, high = ends_within(value, reach, bounds)
    least, most = bounds
    assert low <= value <= high and high - low < 200
    assert (least is None or low >= least) and (most is None or high <= most)


def test_the_scale_of_bounds():
    reach = 0.05
    z = math.atanh(0.9) - reach / (1 - 0.9**2), math.atanh(0.9) + reach / (1 - 0.9**2)
    assert ends_within(0.9, reach, COSINE) == pytest.approx(tuple(map(math.tanh, z)))
    assert ends_within(2.0, 1.0, AMOUNT) == pytest.approx((2 * math.exp(-0.5), 2 * math.exp(0.5)))
    assert ends_within(-2.0, 1.0, (None, 0.0)) == pytest.approx((-2 * math.exp(0.5), -2 * math.exp(-0.5)))
    assert ends_within(2.0, 1.0, FREE) == (1.0, 3.0)
    assert ends_within(1.0, 0.1, COSINE) == (0.9, 1.0)  # on an end the derivative says nothing
    assert ends_within(0.01, 1.0, AMOUNT) == (0.0, 1.01)


def test_small_errors_give_the_plain_interval():
    estimate = Estimate(0.4, 1e-4, 12, 3)
    for bounded in (share_ends, distance_ends):
        assert bounded(0.4, t_reach(1e-4, 12)) == pytest.approx(estimate.interval(), rel=1e-4)
    assert replace(estimate, share=True).interval() == pytest.approx(estimate.interval(), rel=1e-4)
    assert all(math.isnan(end) for end in Estimate(1.0, 0.1, 4, 3, share=True).interval())
    low, high = share_ends(numpy.array([0.99, 1.2]), numpy.array([0.1, 0.1]))
    assert 0 < low[0] < 0.99 < high[0] < 1 and numpy.isnan([low[1], high[1]]).all()
