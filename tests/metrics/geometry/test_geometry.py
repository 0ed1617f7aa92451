import math

import numpy as np
import pytest
import torch

from src.errors import DataError
from src.metrics.geometry.anisotropy import anisotropy
from src.metrics.geometry.condition_number import condition_number
from src.metrics.geometry.gini import gini
from src.metrics.geometry.l2_norm import l2_norm
from src.metrics.geometry.participation_ratio import participation_ratio
from src.metrics.geometry.rank_deficiency import rank_deficiency
from src.metrics.geometry.spectral_norm import spectral_norm
from src.metrics.shared.rows import Rows

TOGETHER = [anisotropy, condition_number, gini, participation_ratio, rank_deficiency, spectral_norm]
LEAST = {anisotropy: 2, condition_number: 2, gini: 2, l2_norm: 1, participation_ratio: 2, rank_deficiency: 1}
SHAPES = [(12, 30), (30, 12), (9, 9)]


def samples(generator, num_samples, width):
    mixing = torch.randn(width, width, generator=generator) * torch.logspace(0, -2, width)
    return torch.randn(num_samples, width, generator=generator) @ mixing + 2.0


def oracle(metric, x):
    """Each metric from its definition, by numpy's SVD and loops over pairs."""
    n, d = x.shape
    singular = np.linalg.svd(x, compute_uv=False)
    norms = np.linalg.norm(x, axis=1)
    pairs = [(i, j) for i in range(n) for j in range(n) if i != j]
    if metric is anisotropy:
        return np.mean([x[i] @ x[j] / norms[i] / norms[j] for i, j in pairs])
    if metric is condition_number:
        return singular[0] / (singular[-1] + 1e-9)
    if metric is gini:
        return sum(abs(norms[i] - norms[j]) for i, j in pairs) / (2 * n * norms.sum())
    if metric is participation_ratio:
        covariance = np.cov(x.T)
        return np.trace(covariance) ** 2 / np.trace(covariance @ covariance)
    if metric is rank_deficiency:
        return 1 - (singular > 0.01 * singular[0]).sum() / min(n, d)
    return singular[0]


@pytest.mark.parametrize(("num_samples", "width"), SHAPES)
@pytest.mark.parametrize("metric", TOGETHER, ids=lambda metric: metric.__name__)
def test_from_the_definition(metric, num_samples, width, generator):
    x = samples(generator, num_samples, width)
    expected = oracle(metric, x.double().numpy())
    assert metric(x).item() == pytest.approx(expected, rel=1e-6)
    kept = torch.tensor([0, 1, 4, 5, 6, 8])
    part = metric.statistic(Rows(x))(kept)
    assert part == pytest.approx(oracle(metric, x[kept].double().numpy()), rel=1e-6)


def test_l2_norm_of_every_sample(generator):
    x = samples(generator, 7, 5)
    np.testing.assert_allclose(l2_norm(x).numpy(), np.linalg.norm(x.double().numpy(), axis=1), rtol=1e-12)


@pytest.mark.parametrize("metric", TOGETHER, ids=lambda metric: metric.__name__)
def test_rotation_order_and_scale(metric, generator, rotation):
    x = samples(generator, 15, 11).double()
    value = metric(x).item()
    assert metric(x @ rotation(11)).item() == pytest.approx(value, rel=1e-7)
    assert metric(x[torch.randperm(15, generator=generator)]).item() == pytest.approx(value, rel=1e-7)
    factor = 3.0 if metric is spectral_norm else 1.0
    assert metric(3 * x).item() == pytest.approx(factor * value, rel=1e-6)
    assert metric(x.float()).item() == pytest.approx(value, rel=1e-4)


def test_known_spectra(rotation):
    both_sides = torch.cat([torch.eye(5), -torch.eye(5)])
    assert participation_ratio(both_sides).item() == pytest.approx(5.0, rel=1e-12)
    assert spectral_norm(3 * rotation(6)).item() == pytest.approx(3.0, rel=1e-12)
    assert condition_number(rotation(6)).item() == pytest.approx(1.0, rel=1e-8)
    assert rank_deficiency(rotation(6)).item() == 0.0
    assert rank_deficiency(torch.diag(torch.tensor([1.0, 1.0, 0.02, 0.005]))).item() == pytest.approx(0.25)
    line = torch.arange(6.0)[:, None] * torch.tensor([[1.0, 2.0, -1.0]])
    assert participation_ratio(line).item() == pytest.approx(1.0, rel=1e-12)
    assert rank_deficiency(line).item() == pytest.approx(2 / 3)


def test_known_directions_and_lengths(rotation):
    assert anisotropy(torch.ones(7, 4)).item() == pytest.approx(1.0, rel=1e-12)
    assert anisotropy(rotation(6)).item() == pytest.approx(0.0, abs=1e-12)
    assert anisotropy(torch.tensor([[1.0, 0.0], [-2.0, 0.0]])).item() == pytest.approx(-1.0, rel=1e-12)
    assert gini(rotation(6)).item() == pytest.approx(0.0, abs=1e-12)
    one = torch.zeros(8, 3)
    one[5] = 4.0
    assert gini(one).item() == pytest.approx(7 / 8, rel=1e-12)


@pytest.mark.parametrize("metric", TOGETHER, ids=lambda metric: metric.__name__)
def test_a_layer_of_zeros(metric):
    value = metric(torch.zeros(7, 5)).item()
    assert value == 0.0 if metric is spectral_norm else math.isnan(value)


@pytest.mark.parametrize("num_samples", [3, 9])
def test_equal_samples(num_samples):
    x = torch.full((num_samples, 5), 0.1)
    assert condition_number(x).isnan()
    assert participation_ratio(x).isnan()


@pytest.mark.parametrize("metric", LEAST, ids=lambda metric: metric.__name__)
def test_too_few_samples(metric, generator):
    least = LEAST[metric]
    assert metric(torch.randn(least, 4, generator=generator)).isfinite().all()
    with pytest.raises(DataError) as error:
        metric(torch.ones(least - 1, 4))
    expected = (
        f"metric {metric.__name__}: given {least - 1} samples; needed: at least {least} (data.num_probe)"
    )
    assert str(error.value) == expected


@pytest.mark.parametrize("shape", [(40, 60), (60, 40), (1300, 12)])
@pytest.mark.parametrize("condition", [1e4, 1e7, 1e10])
def test_large_condition_numbers_keep_their_digits(condition, shape, generator):
    left, right = (
        torch.linalg.qr(torch.randn(size, min(shape), generator=generator, dtype=torch.float64)).Q
        for size in shape
    )
    values = torch.logspace(2, 2 - math.log10(condition), min(shape), dtype=torch.float64)
    x = left * values @ right.T
    expected = values[0] / (values[-1] + 1e-9)
    assert condition_number(x).item() == pytest.approx(expected.item(), rel=1e-4)
    kept = torch.arange(1, shape[0])
    singular = np.linalg.svd(x[kept].numpy(), compute_uv=False)
    found = condition_number.statistic(Rows(x))(kept)
    assert found == pytest.approx(singular[0] / (singular[-1] + 1e-9), rel=1e-4)
