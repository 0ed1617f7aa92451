import math

import pytest
import torch
from scipy import stats

from src.metrics.uncertainty.interval import mean_interval, t_interval
from src.metrics.uncertainty.jackknife import jackknife_interval, jackknife_stderr


@pytest.mark.parametrize("num_samples", [4, 13, 20])
def test_of_a_mean_with_blocks_of_one_is_the_plain_standard_error(generator, num_samples):
    x = torch.randn(num_samples, generator=generator, dtype=torch.float64)
    stderr = jackknife_stderr(lambda kept: x[kept].mean().item(), num_samples, 1)
    assert stderr == pytest.approx(x.std().item() / math.sqrt(num_samples), rel=1e-9)


def test_of_a_mean_with_equal_blocks_is_the_standard_error_of_the_block_means(generator):
    x = torch.randn(200, generator=generator, dtype=torch.float64)
    stderr = jackknife_stderr(lambda kept: x[kept].mean().item(), 200, 1)
    means = x.view(20, 10).mean(dim=1)
    assert stderr == pytest.approx(means.std().item() / math.sqrt(20), rel=1e-9)


def test_blocks_leave_out_every_sample_once():
    seen = []
    jackknife_stderr(lambda kept: seen.append(kept.tolist()) or 0.0, 57, 1)
    left_out = [sample for kept in seen for sample in range(57) if sample not in kept]
    assert left_out == list(range(57))
    assert {57 - len(kept) for kept in seen} == {2, 3}


def test_of_neighbours_that_are_alike_is_larger_than_the_plain_error(generator):
    x = torch.randn(20, generator=generator, dtype=torch.float64).repeat_interleave(10)
    stderr = jackknife_stderr(lambda kept: x[kept].mean().item(), 200, 1)
    assert stderr > 2.5 * x.std().item() / math.sqrt(200)


def test_of_a_variance_is_the_spread_over_fresh_data(generator):
    """The variance of N normal samples has standard deviation sqrt(2 / (N - 1))."""
    errors = []
    for _ in range(50):
        x = torch.randn(201, generator=generator, dtype=torch.float64)
        errors.append(jackknife_stderr(lambda kept, x=x: x[kept].var().item(), 201, 2))
    assert sum(errors) / 50 == pytest.approx(math.sqrt(2 / 200), rel=0.1)


def test_too_few_samples_have_no_error():
    assert math.isnan(jackknife_stderr(lambda kept: 1.0, 3, 1))
    assert math.isnan(jackknife_stderr(lambda kept: 1.0, 0, 1))
    assert math.isnan(jackknife_stderr(lambda kept: 1.0, 4, 4))
    assert jackknife_stderr(lambda kept: 1.0, 5, 4) == 0.0


def test_an_undefined_part_leaves_no_error():
    assert math.isnan(jackknife_stderr(lambda kept: math.nan if 0 in kept else 1.0, 8, 1))


def test_interval_of_a_mean_is_scipy_s(generator):
    x = torch.randn(17, generator=generator, dtype=torch.float64)
    expected = stats.ttest_1samp(x.numpy(), 0.0).confidence_interval(0.95)
    found = mean_interval(x)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), rel=1e-9)
    assert found.stderr == pytest.approx(stats.sem(x.numpy()), rel=1e-9)
    assert all(map(math.isnan, mean_interval(x[:1])))


def test_interval_has_a_degree_less_than_blocks(generator):
    x = torch.randn(100, generator=generator, dtype=torch.float64)
    found = jackknife_interval(lambda kept: x[kept].mean().item(), 3.0, 100, 1)
    means = x.view(20, 5).mean(dim=1).numpy()
    assert found.stderr == pytest.approx(stats.sem(means), rel=1e-9)
    reach = stats.t.ppf(0.975, 19) * stats.sem(means)
    assert (found.low, found.high) == pytest.approx((3 - reach, 3 + reach), rel=1e-9)
    assert all(map(math.isnan, jackknife_interval(lambda kept: 1.0, 1.0, 3, 1)))
    assert t_interval(2.0, 0.0, 19) == (0.0, 2.0, 2.0)
