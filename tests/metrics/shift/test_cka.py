import math
from itertools import permutations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from jaxtyping import TypeCheckError

from src.errors import DataError
from src.metrics.shared.rows import Rows
from src.metrics.shift.cka import cka_biased, cka_biased_resampled, cka_debiased, cka_debiased_resampled
from src.metrics.uncertainty.jackknife import jackknife_stderr


def published_cka(x, y):
    n = len(x)
    centring = np.eye(n) - np.ones((n, n)) / n
    k, l = centring @ (x @ x.T) @ centring, centring @ (y @ y.T) @ centring  # noqa: E741
    return (k * l).sum() / (np.sqrt((k**2).sum() * (l**2).sum()) + 1e-9)


def song_hsic(k, l):  # noqa: E741
    """Song et al. 2012, equation of the unbiased estimator, written with traces."""
    n, ones = len(k), np.ones(len(k))
    k, l = k - np.diag(np.diag(k)), l - np.diag(np.diag(l))  # noqa: E741
    middle = (ones @ k @ ones) * (ones @ l @ ones) / ((n - 1) * (n - 2))
    return (np.trace(k @ l) + middle - 2 / (n - 2) * (ones @ k @ l @ ones)) / (n * (n - 3))


def u_statistic_hsic(k, l):  # noqa: E741
    """The U-statistic itself: the kernel averaged over all ordered quadruples of different samples."""
    quadruples = list(permutations(range(len(k)), 4))
    return np.mean([k[a, b] * (l[a, b] + l[c, d] - 2 * l[a, c]) for a, b, c, d in quadruples])


def pair(generator, num_samples=12, widths=(5, 7), noise=1.0):
    x = torch.randn(num_samples, widths[0], generator=generator, dtype=torch.float64)
    mixing = torch.randn(widths, generator=generator, dtype=torch.float64)
    y = x @ mixing + noise * torch.randn(num_samples, widths[1], generator=generator, dtype=torch.float64)
    return x + 3.0, y - 2.0


def test_biased_equals_the_published_formula(generator):
    for noise in (0.1, 3.0):
        x, y = pair(generator, noise=noise)
        assert cka_biased(x, y).item() == pytest.approx(published_cka(x.numpy(), y.numpy()), rel=1e-9)


def test_debiased_equals_song_and_the_brute_force_u_statistic(generator):
    x, y = pair(generator, num_samples=8)
    k, l = (x @ x.T).numpy(), (y @ y.T).numpy()  # noqa: E741
    for hsic in (song_hsic, u_statistic_hsic):
        expected = hsic(k, l) / np.sqrt(hsic(k, k) * hsic(l, l))
        assert cka_debiased(x, y).item() == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("cka", [cka_biased, cka_debiased])
def test_rotation_shift_and_scaling_leave_cka_at_one(cka, generator, rotation):
    x, y = pair(generator)
    turned = 7.0 * (x @ rotation(5)) + torch.arange(5)
    assert cka(x, turned).item() == pytest.approx(1.0, abs=1e-9)
    assert cka(turned, y).item() == pytest.approx(cka(x, y).item(), abs=1e-9)
    order = torch.randperm(len(x), generator=generator)
    assert cka(x[order], y[order]).item() == pytest.approx(cka(x, y).item(), abs=1e-12)
    assert cka(y, x).item() == pytest.approx(cka(x, y).item(), abs=1e-12)


def test_independent_wide_data_fools_only_the_biased_estimator(of_kept, generator):
    x, y = torch.randn(2, 200, 4096, generator=generator)
    assert cka_biased(x, y).item() == pytest.approx(0.953, abs=0.005)  # D / (D + N), to first order
    stderr = jackknife_stderr(of_kept(cka_debiased_resampled(Rows(x), Rows(y)), 200), 200, 4)
    assert 0 < stderr < 0.02
    assert abs(cka_debiased(x, y).item()) < 4 * stderr


def test_debiased_is_not_clamped(generator):
    values = [cka_debiased(*torch.randn(2, 10, 50, generator=generator)).item() for _ in range(40)]
    assert min(values) < -0.01 < 0.01 < max(values)


@pytest.mark.parametrize("cka", [cka_biased, cka_debiased])
@pytest.mark.parametrize("value", [0.0, 0.1, 1e4])
def test_a_constant_side_has_no_cka(cka, value, generator):
    constant, varying = torch.full((9, 6), value), torch.randn(9, 6, generator=generator)
    assert cka(constant, varying).isnan()
    assert cka(varying, constant).isnan()
    assert cka(constant, constant).isnan()


@pytest.mark.parametrize("resampled", [cka_biased_resampled, cka_debiased_resampled])
@pytest.mark.parametrize("num_samples", [9, 11, 15])
def test_equal_kept_samples_have_no_cka(resampled, num_samples, of_kept, generator):
    x = 10 * torch.randn(64, generator=generator).repeat(num_samples, 1)
    x[:2] = torch.randn(2, 64, generator=generator)  # two: a single one has no unbiased HSIC either
    y = torch.randn(num_samples, 5, generator=generator)
    statistic = of_kept(resampled(Rows(x), Rows(y)), num_samples)
    assert math.isfinite(statistic(torch.arange(num_samples)))
    assert math.isnan(statistic(torch.arange(2, num_samples)))


def test_equidistant_samples_have_no_debiased_cka(generator):
    assert cka_debiased(torch.eye(6), torch.randn(6, 4, generator=generator)).isnan()


@pytest.mark.parametrize(("cka", "least"), [(cka_biased, 2), (cka_debiased, 4)])
def test_too_few_samples(cka, least, generator):
    assert cka(*torch.randn(2, least, 9, generator=generator)).isfinite()
    with pytest.raises(DataError, match=f"given {least - 1} samples; needed: at least {least}"):
        cka(*torch.randn(2, least - 1, 9, generator=generator))


@pytest.mark.parametrize(
    ("cka", "resampled"), [(cka_biased, cka_biased_resampled), (cka_debiased, cka_debiased_resampled)]
)
def test_statistic_of_kept_samples_is_the_metric_of_those_rows(cka, resampled, of_kept, generator):
    x, y = pair(generator, num_samples=15)
    kept = torch.tensor([0, 2, 3, 7, 8, 11, 14])
    found = of_kept(resampled(Rows(x), Rows(y)), 15)(kept)
    assert found == pytest.approx(cka(x[kept], y[kept]).item(), rel=1e-9)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**31), st.integers(5, 12), st.integers(1, 9), st.floats(1e-2, 1e2))
def test_ranges(seed, num_samples, width, scale):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(num_samples, width, generator=generator)
    y = scale * torch.randn(num_samples, 4, generator=generator)
    assert -1e-9 <= cka_biased(x, y).item() <= 1 + 1e-9
    assert -1 - 1e-9 <= cka_debiased(x, y).item() <= 1 + 1e-9


def test_shapes_are_checked_in_tests(generator):
    with pytest.raises(TypeCheckError):
        cka_biased(torch.randn(5, 3, generator=generator), torch.randn(6, 3, generator=generator))
