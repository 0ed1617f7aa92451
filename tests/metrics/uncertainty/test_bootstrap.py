import itertools
import math

import numpy as np
import pytest
import torch
from scipy import stats

from src.metrics.catalog import METRICS, resolve
from src.metrics.shared.rows import Rows
from src.metrics.shift.cka import (
    cka_biased,
    cka_biased_resampled,
    cka_debiased,
    cka_debiased_resampled,
)
from src.metrics.shift.cka_floor import cka_biased_floor, cka_biased_floor_resampled
from src.metrics.shift.mean_shift import mean_shift, mean_shift_resampled
from src.metrics.uncertainty.bootstrap import bootstrap_interval, multiplicities


def pair(generator, num_samples=30, width=8, noise=1.0):
    x = torch.randn(num_samples, width, generator=generator, dtype=torch.float64)
    return x + 2.0, x + noise * torch.randn(num_samples, width, generator=generator, dtype=torch.float64)


def resampled_mean(values):
    return lambda weights: weights @ values.double() / weights.sum(dim=1)


def repeated(weights):
    """The drawn samples themselves."""
    return torch.arange(len(weights)).repeat_interleave(weights.long())


def test_multiplicities_are_draws_with_replacement():
    weights = multiplicities(50)
    assert weights.shape == (200, 50)
    assert (weights.sum(dim=1) == 50).all()
    assert (weights == weights.round()).all()
    # each count is binomial(50, 1 / 50): mean 1, variance 0.98; a share of 0.364 is drawn never
    assert weights.var().item() == pytest.approx(0.98, abs=0.06)
    assert (weights == 0).double().mean().item() == pytest.approx(0.98**50, abs=0.01)
    assert torch.equal(weights, multiplicities(50))


@pytest.mark.parametrize(
    ("metric", "resampled"),
    [
        (cka_biased, cka_biased_resampled),
        (cka_biased_floor, cka_biased_floor_resampled),
        (mean_shift, mean_shift_resampled),
    ],
)
def test_weights_stand_for_repeated_rows(metric, resampled, generator):
    x, y = pair(generator)
    weights = multiplicities(30)
    expected = [metric(x[rows], y[rows]).item() for rows in map(repeated, weights)]
    found = resampled(Rows(x), Rows(y))(weights)
    np.testing.assert_allclose(found.numpy(), expected, rtol=0, atol=1e-10)
    assert np.std(expected) > 1e-3


def weighted_u_statistic(k, l, w):  # noqa: E741
    """The kernel of the unbiased HSIC over quadruples of different samples, weighted by multiplicities."""
    total = weight = 0.0
    for a, b, c, d in itertools.permutations(range(len(w)), 4):
        product = w[a] * w[b] * w[c] * w[d]
        total += product * k[a, b] * (l[a, b] + l[c, d] - 2 * l[a, c])
        weight += product
    return total / weight


def test_debiased_never_pairs_a_sample_with_itself(generator):
    x, y = pair(generator, num_samples=7)
    k, l = (x @ x.T).numpy(), (y @ y.T).numpy()  # noqa: E741
    weights = torch.tensor([[1, 1, 1, 1, 1, 1, 1], [2, 0, 1, 3, 1, 0, 0], [0, 2, 2, 1, 1, 1, 0]]).double()
    found = cka_debiased_resampled(Rows(x), Rows(y))(weights)
    for value, w in zip(found, weights.numpy(), strict=True):
        kl, kk, ll = (weighted_u_statistic(*both, w) for both in ((k, l), (k, k), (l, l)))
        assert value.item() == pytest.approx(kl / math.sqrt(kk * ll), rel=1e-9)
    assert found[0].item() == pytest.approx(cka_debiased(x, y).item(), rel=1e-9)


BOOTSTRAPPED = [metric for metric in METRICS.values() if metric.interval == "bootstrap"]


def test_what_is_cheap_to_resample_is_resampled():
    names = {metric.name for metric in BOOTSTRAPPED}
    assert names == {
        "cka_debiased",
        "cka_standardised",
        "cka_biased",
        "cka_biased_floor",
        "mean_shift",
        "mean_shift_floor",
    }
    for metric in METRICS.values():
        assert metric.interval in ("mean", "bootstrap", "jackknife", "groups", None)
        assert (metric.resampled is None) == (metric.interval != "bootstrap" or metric.per_sample)
        assert metric.change in ("distance", "similarity", "none")


@pytest.mark.parametrize("metric", [one for one in BOOTSTRAPPED if one.resampled], ids=lambda one: one.name)
def test_weights_of_one_are_the_metric_itself(metric, generator):
    x, y = pair(generator)
    found = resolve(metric.resampled)(Rows(x), Rows(y))(torch.ones(2, 30, dtype=torch.float64))
    assert found.tolist() == pytest.approx([resolve(metric.function)(x, y).item()] * 2, rel=1e-10)


def test_resamples_do_not_bias_the_debiased(generator):
    """Repeated rows taken for different ones would lift the resamples of independent data far above 0."""
    x, y = torch.randn(2, 100, 300, generator=generator, dtype=torch.float64)
    found = cka_debiased_resampled(Rows(x), Rows(y))(multiplicities(100))
    naive = [cka_debiased(x[rows], y[rows]).item() for rows in map(repeated, multiplicities(100)[:20])]
    assert abs(found.mean().item()) < 0.03
    assert np.mean(naive) > 0.3


@pytest.mark.parametrize(
    "resampled", [cka_biased_resampled, cka_debiased_resampled, cka_biased_floor_resampled]
)
@pytest.mark.parametrize("value", [0.0, 0.1, 1e4])
def test_a_constant_side_has_no_resampled_cka(resampled, value, generator):
    x = torch.full((9, 6), value)
    y = torch.randn(9, 6, generator=generator)
    for one, other in ((x, y), (y, x)):
        assert resampled(Rows(one), Rows(other))(multiplicities(9)).isnan().all()


@pytest.mark.parametrize(
    "resampled", [cka_biased_resampled, cka_debiased_resampled, cka_biased_floor_resampled]
)
def test_a_resample_of_equal_rows_has_no_cka(resampled, generator):
    x = 10 * torch.randn(64, generator=generator).repeat(12, 1)
    x[:4] = torch.randn(4, 64, generator=generator)
    y = torch.randn(12, 5, generator=generator)
    weights = torch.ones(2, 12, dtype=torch.float64)
    weights[1, :4] = 0
    assert resampled(Rows(x), Rows(y))(weights).isnan().tolist() == [False, True]


def test_interval_of_a_mean_is_student_s(generator):
    """Up to what 200 resamples tell of an error, a twentieth; over many means nothing of it is left."""
    ratios = []
    for x in torch.randn(200, 12, generator=generator, dtype=torch.float64):
        found = bootstrap_interval(resampled_mean(x), x.mean().item(), 12)
        expected = stats.ttest_1samp(x.numpy(), 0.0).confidence_interval(0.95)
        assert found.high - found.low == pytest.approx(expected.high - expected.low, rel=0.25)
        ratios.append((found.high - found.low) / (expected.high - expected.low))
    assert np.mean(ratios) == pytest.approx(1.0, abs=0.02)  # the 2.5 and 97.5 % points of resamples: 0.84


def test_interval_of_a_mean_covers_it(generator):
    draws = torch.randn(300, 60, generator=generator, dtype=torch.float64).exp()
    intervals = [bootstrap_interval(resampled_mean(x), x.mean().item(), 60) for x in draws]
    covered = sum(one.low <= math.exp(0.5) <= one.high for one in intervals) / 300
    assert 0.85 < covered < 0.98  # of skewed samples a little under 0.95


def test_interval_holds_the_value_where_resamples_are_biased(generator):
    x, y = torch.randn(2, 40, 200, generator=generator, dtype=torch.float64)
    value, resampled = cka_biased(x, y).item(), cka_biased_resampled(Rows(x), Rows(y))
    assert resampled(multiplicities(40)).quantile(0.025).item() > value
    found = bootstrap_interval(resampled, value, 40)
    assert found.low < value < found.high


def test_what_has_no_interval():
    assert all(map(math.isnan, bootstrap_interval(resampled_mean(torch.ones(3)), 1.0, 3)))
    values = torch.tensor([1.0, 2.0, 3.0, math.nan, 5.0])
    assert all(map(math.isnan, bootstrap_interval(resampled_mean(values), 1.0, 5)))
    assert bootstrap_interval(resampled_mean(torch.ones(5)), 1.0, 5) == (0.0, 1.0, 1.0)
