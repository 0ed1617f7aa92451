import math

import numpy as np
import pytest
import torch

from src.errors import DataError
from src.metrics.shared.rows import Rows
from src.metrics.shift.cka import cka_debiased
from src.metrics.shift.cka_standardised import cka_standardised, cka_standardised_resampled


def sides(generator, num_samples=60, width=12):
    base = torch.randn(num_samples, width, generator=generator, dtype=torch.float64)
    return base, base + torch.randn(num_samples, width, generator=generator, dtype=torch.float64)


def unbiased_hsic(k, l):  # noqa: E741
    """Song et al. 2012, with traces and sums."""
    n = len(k)
    k, l = k - np.diag(np.diag(k)), l - np.diag(np.diag(l))  # noqa: E741
    middle = k.sum() * l.sum() / ((n - 1) * (n - 2))
    return np.trace(k @ l) + middle - 2 / (n - 2) * (k @ l).sum()


def test_from_the_definition(generator):
    base, tuned = sides(generator)
    grams = []
    for x in (3 * base.numpy() + 5, tuned.numpy()):
        z = (x - x.mean(axis=0)) / x.std(axis=0)
        grams.append(z @ z.T)
    k, l = grams  # noqa: E741
    expected = unbiased_hsic(k, l) / np.sqrt(unbiased_hsic(k, k) * unbiased_hsic(l, l))
    assert cka_standardised(base, tuned).item() == pytest.approx(expected, rel=1e-9)


def test_a_huge_dimension_hides_a_change_from_plain_cka_and_not_from_this(generator):
    base, tuned = sides(generator)
    plain = cka_standardised(base, tuned).item()
    huge = torch.ones(12, dtype=torch.float64)
    huge[3] = 1000.0
    tuned[:, 3] = base[:, 3]
    assert cka_debiased(base * huge, tuned * huge).item() > 0.9999
    found = cka_standardised(base * huge, tuned * huge).item()
    assert found == pytest.approx(cka_standardised(base, tuned).item(), rel=1e-9)
    assert found < plain + 0.2 < 0.95


def test_scale_shift_and_order_of_dimensions_and_samples(generator):
    base, tuned = sides(generator)
    value = cka_standardised(base, tuned).item()
    scales = torch.rand(12, generator=generator, dtype=torch.float64) + 0.1
    dims, rows = torch.randperm(12, generator=generator), torch.randperm(60, generator=generator)
    moved = (base * scales - 7)[:, dims]
    assert cka_standardised(moved[rows], tuned[rows]).item() == pytest.approx(value, rel=1e-9)
    assert cka_standardised(base.float(), tuned.float()).item() == pytest.approx(value, rel=1e-4)
    assert cka_standardised(base.bfloat16(), tuned.bfloat16()).item() == pytest.approx(value, abs=0.02)


def test_a_dimension_that_does_not_vary_counts_nothing(generator):
    base, tuned = sides(generator)
    constant = torch.full((60, 1), 0.1, dtype=torch.float64)
    widened = cka_standardised(torch.cat([base, constant], dim=1), tuned).item()
    assert widened == pytest.approx(cka_standardised(base, tuned).item(), rel=1e-9)
    assert math.isnan(cka_standardised(constant.expand(60, 12).contiguous(), tuned).item())


def test_of_rows_it_is_the_same_number(generator):
    base, tuned = sides(generator)
    found = cka_standardised_resampled(Rows(base), Rows(tuned))(torch.ones(1, 60, dtype=torch.float64))
    assert found.item() == pytest.approx(cka_standardised(base, tuned).item(), rel=1e-9)


def test_too_few_samples(generator):
    base, tuned = sides(generator, 3)
    with pytest.raises(DataError, match="metric cka_standardised: given 3 samples; needed: at least 4"):
        cka_standardised(base, tuned)
