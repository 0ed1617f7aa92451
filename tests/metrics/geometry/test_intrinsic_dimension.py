import math

import numpy as np
import pytest
import torch
from scipy.spatial.distance import cdist

from src.errors import DataError
from src.metrics.catalog import METRICS as CATALOG
from src.metrics.geometry.intrinsic_dimension import (
    intrinsic_dimension_mle,
    intrinsic_dimension_paper,
    intrinsic_dimension_twonn,
)
from src.metrics.shared.rows import Rows
from src.probe.table.measure import measure


def sorted_distances(x):
    return np.sort(cdist(x, x), axis=1)[:, 1:]


def twonn(x):
    """Facco et al. 2017: least squares through the origin."""
    distances = sorted_distances(x)
    logs = np.sort(np.log(distances[:, 1] / distances[:, 0]))
    num_fitted = int(0.9 * len(x))
    heights = -np.log(1 - np.arange(1, num_fitted + 1) / len(x))
    return np.linalg.lstsq(logs[:num_fitted, None], heights, rcond=None)[0].item()


def mle(x):
    """Levina and Bickel 2004, equation 8, averaged as inverses."""
    inverses = [np.mean([math.log(row[9] / row[j]) for j in range(9)]) for row in sorted_distances(x)]
    return 1 / np.mean(inverses)


def paper(x):
    distances = sorted_distances(x)
    estimate = 1 / np.mean(np.log(distances[:, 1] / (distances[:, 0] + 1e-9)))
    return np.clip(estimate, 0, x.shape[1]) / math.log(len(x))


CASES = [
    (intrinsic_dimension_twonn, twonn, 3),
    (intrinsic_dimension_mle, mle, 11),
    (intrinsic_dimension_paper, paper, 3),
]
METRICS = [case[0] for case in CASES]


def plane(generator, rotation, num_samples=2000, dimension=5, width=40):
    """Samples without an edge on `dimension` dimensions, turned into `width` and far from the origin."""
    flat = torch.zeros(num_samples, width, dtype=torch.float64)
    flat[:, :dimension] = torch.randn(num_samples, dimension, generator=generator, dtype=torch.float64)
    return flat @ rotation(width) + 10.0


@pytest.mark.parametrize(("metric", "oracle", "_least"), CASES)
@pytest.mark.parametrize("width", [3, 30])
def test_from_the_definition(metric, oracle, _least, width, generator):
    x = torch.randn(60, width, generator=generator) + 1.0
    assert metric(x).item() == pytest.approx(oracle(x.double().numpy()), rel=1e-6)
    kept = torch.arange(3, 51)
    assert metric.statistic(Rows(x))(kept) == pytest.approx(oracle(x[kept].double().numpy()), rel=1e-6)


@pytest.mark.parametrize("metric", METRICS[:2])
@pytest.mark.parametrize("dimension", [1, 2, 5])
def test_of_a_plane(metric, dimension, generator, rotation):
    x = plane(generator, rotation, dimension=dimension)
    assert metric(x).item() == pytest.approx(dimension, rel=0.1)


def test_published_form_is_clipped_to_the_width(generator):
    grid = torch.tensor([[0.0], [1.0], [2.001], [3.0], [4.001]])  # ratios near 1: a huge estimate
    assert intrinsic_dimension_paper(grid).item() == pytest.approx(1 / math.log(5), rel=1e-9)


@pytest.mark.parametrize("metric", METRICS)
def test_rotation_shift_scale_and_order(metric, generator, rotation):
    x = torch.randn(40, 6, generator=generator, dtype=torch.float64)
    value = metric(x).item()
    order = torch.randperm(40, generator=generator)
    for same in (x @ rotation(6), x + 5, 0.01 * x, x[order]):
        assert metric(same).item() == pytest.approx(value, rel=1e-6)


@pytest.mark.parametrize("metric", METRICS[:2])
@pytest.mark.parametrize("noise", [0.0, 1e-9])
def test_samples_that_coincide_are_merged(metric, noise, generator):
    x = torch.randn(200, 5, generator=generator, dtype=torch.float64)
    again = x[:80] + noise * torch.randn(80, 5, generator=generator, dtype=torch.float64)
    often = x[:1].expand(60, 5)
    together = torch.cat([x, again, often])[torch.randperm(340, generator=generator)]
    assert metric(together).item() == pytest.approx(metric(x).item(), rel=1e-6)


def test_the_table_counts_distinct_samples_and_its_interval_is_theirs(generator):
    x = torch.randn(200, 5, generator=generator)
    for name in ("intrinsic_dimension_twonn", "intrinsic_dimension_mle"):
        once = measure(CATALOG[name], [Rows(x)], {})
        twice = measure(CATALOG[name], [Rows(torch.cat([x, x[:80]]))], {})
        assert (once.n, twice.n) == (200, 200)
        assert (twice.value, *twice.interval) == pytest.approx((once.value, *once.interval), rel=1e-9)
        alone = measure(CATALOG[name], [Rows(x[:2].repeat(20, 1))], {})
        assert math.isnan(alone.value) and alone.n == 2


def test_the_published_form_keeps_samples_that_coincide(generator):
    x = torch.randn(200, 20, generator=generator, dtype=torch.float64)
    x[100:104] = x[:4]
    assert intrinsic_dimension_paper(x).item() == pytest.approx(paper(x.numpy()), rel=1e-4)
    x[100:104] = torch.randn(4, 20, generator=generator, dtype=torch.float64)
    assert intrinsic_dimension_paper(x).item() > 2  # eight samples of 200 decide the number above


@pytest.mark.parametrize("metric", METRICS)
def test_equal_samples_have_no_dimension(metric):
    assert metric(torch.full((12, 5), 0.1)).isnan()


@pytest.mark.parametrize(("metric", "_oracle", "least"), CASES)
def test_too_few_samples(metric, _oracle, least, generator):
    assert metric(torch.randn(least, 4, generator=generator)).isfinite()
    message = f"metric {metric.__name__}: given {least - 1} samples; needed: at least {least}"
    with pytest.raises(DataError, match=message):
        metric(torch.randn(least - 1, 4, generator=generator))
