"""Procrustes distance, principal angles and the share of change along pretrained directions."""

import math

import numpy as np
import pytest
import torch
from scipy.linalg import orthogonal_procrustes, subspace_angles

from src.errors import DataError
from src.metrics.shared.rows import Rows
from src.metrics.shift.pretrained_directions import pretrained_directions_share
from src.metrics.shift.principal_angles import principal_angles
from src.metrics.shift.procrustes_distance import procrustes_distance

SHAPES = [(25, 60), (60, 25), (30, 30)]
ALL = [procrustes_distance, principal_angles, pretrained_directions_share]


def pair(generator, num_samples, width, noise=0.3):
    """Rows whose variances fall off, far from the origin, in float32 as hidden states are."""
    scales = torch.logspace(0.5, -1, width)
    x = torch.randn(num_samples, width, generator=generator) * scales + 3.0
    return x, x + noise * torch.randn(num_samples, width, generator=generator)


def normalised(rows):
    rows = rows.double().numpy()
    rows = rows - rows.mean(axis=0)
    return rows / np.linalg.norm(rows)


def leading(rows):
    return np.linalg.svd(normalised(rows), full_matrices=False)[2][:10].T


@pytest.mark.parametrize(("num_samples", "width"), SHAPES)
def test_procrustes_is_the_residual_of_the_best_rotation(num_samples, width, generator):
    x, y = pair(generator, num_samples, width)
    a, b = normalised(x), normalised(y)
    rotation, nuclear = orthogonal_procrustes(b, a)
    expected = np.linalg.norm(a - b @ rotation)
    assert procrustes_distance(x, y).item() == pytest.approx(expected, rel=1e-9)
    assert expected == pytest.approx(math.sqrt(2 - 2 * nuclear), rel=1e-9)


@pytest.mark.parametrize(("num_samples", "width"), SHAPES)
def test_angles_are_scipy_s(num_samples, width, generator):
    x, y = pair(generator, num_samples, width)
    expected = subspace_angles(leading(x), leading(y)).mean()
    assert principal_angles(x, y).item() == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(("num_samples", "width"), SHAPES)
def test_share_from_the_definition(num_samples, width, generator):
    x, y = pair(generator, num_samples, width)
    change = (y.double() - x.double()).numpy()
    expected = (np.linalg.norm(change @ leading(x)) / np.linalg.norm(change)) ** 2
    assert pretrained_directions_share(x, y).item() == pytest.approx(expected, rel=1e-6)


def test_procrustes_closed_forms(generator, rotation):
    x = torch.randn(20, 12, generator=generator, dtype=torch.float64)
    turned = 5 * (x @ rotation(12)) - 4
    assert procrustes_distance(x, x).item() == 0.0
    assert procrustes_distance(x, turned).item() == 0.0
    one, other = torch.zeros(2, 40, 3, dtype=torch.float64)
    one[:10, 0], one[10:20, 0] = 1.0, -1.0
    other[20:30, 0], other[30:, 0] = 1.0, -1.0
    assert procrustes_distance(one, other).item() == pytest.approx(math.sqrt(2), rel=1e-12)
    y = torch.randn(20, 7, generator=generator, dtype=torch.float64)  # another width
    assert procrustes_distance(turned, y).item() == pytest.approx(procrustes_distance(y, x).item(), rel=1e-9)


def test_procrustes_is_a_metric(generator):
    x, y, z = torch.randn(3, 12, 6, generator=generator)
    assert procrustes_distance(x, z) <= procrustes_distance(x, y) + procrustes_distance(y, z)


def test_angles_of_known_subspaces(generator):
    """The 10 leading directions are the first axes; turning one of them by t turns the subspace by t."""
    scales = torch.cat([torch.full((10,), 10.0), torch.full((20,), 0.1)]).double()
    x = torch.linalg.qr(torch.randn(40, 31, generator=generator, dtype=torch.float64))[0]
    x = torch.linalg.qr(torch.cat([torch.ones(40, 1), x[:, 1:]], dim=1))[0][:, 1:] * scales
    for angle in (1e-9, 0.4, 1.3):
        turn = torch.eye(30, dtype=torch.float64)
        turn[0, 0] = turn[10, 10] = math.cos(angle)
        turn[0, 10], turn[10, 0] = math.sin(angle), -math.sin(angle)
        assert principal_angles(x, x @ turn).item() == pytest.approx(angle / 10, rel=1e-5)
        within = x @ torch.block_diag(torch.eye(10).flip(0), torch.eye(20)).double()
        assert principal_angles(x, 3 * within + 1).item() == pytest.approx(0.0, abs=1e-12)
    assert principal_angles(x, x.roll(10, dims=1)).item() == pytest.approx(math.pi / 2, rel=1e-6)


def test_share_of_known_changes(generator, rotation):
    scales = torch.logspace(1, -1, 30, dtype=torch.float64)
    x = torch.randn(50, 30, generator=generator, dtype=torch.float64) * scales
    directions = torch.from_numpy(leading(x).copy())
    inside = torch.randn(50, 10, generator=generator, dtype=torch.float64) @ directions.T
    outside = torch.randn(50, 30, generator=generator, dtype=torch.float64)
    outside = outside - outside @ directions @ directions.T
    assert pretrained_directions_share(x, x + inside).item() == pytest.approx(1.0, rel=1e-9)
    assert pretrained_directions_share(x, x + outside).item() == pytest.approx(0.0, abs=1e-9)
    expected = (inside.norm() / (inside + outside).norm()).item() ** 2
    assert pretrained_directions_share(x, x + inside + outside).item() == pytest.approx(expected, rel=1e-9)
    noise = torch.randn(50, 30, generator=generator, dtype=torch.float64)
    assert pretrained_directions_share(x, x + noise).item() == pytest.approx(10 / 30, abs=0.05)
    assert pretrained_directions_share(x, x).isnan()


@pytest.mark.parametrize("metric", ALL)
def test_common_rotation_and_order_do_not_matter(metric, generator, rotation):
    x, y = (side.double() for side in pair(generator, 25, 20))
    expected, turn = metric(x, y).item(), rotation(20)
    order = torch.randperm(25, generator=generator)
    assert metric(x[order] @ turn, y[order] @ turn).item() == pytest.approx(expected, rel=1e-7)
    assert metric(2 * x + 1, 2 * y + 1).item() == pytest.approx(expected, rel=1e-7)


@pytest.mark.parametrize("metric", ALL)
@pytest.mark.parametrize(("num_samples", "width"), SHAPES)
def test_statistic_of_kept_samples_is_the_metric_of_those_rows(metric, num_samples, width, generator):
    x, y = pair(generator, num_samples, width)
    statistic = metric.statistic(Rows(x), Rows(y))
    for kept in (torch.arange(num_samples), torch.randperm(num_samples, generator=generator)[:17].sort()[0]):
        assert statistic(kept) == pytest.approx(metric(x[kept], y[kept]).item(), rel=1e-6)


@pytest.mark.parametrize("metric", [procrustes_distance, principal_angles])
@pytest.mark.parametrize("value", [0.0, 0.1, 1e4])
def test_a_constant_side_has_no_number(metric, value, generator):
    x, y = torch.full((14, 12), value), torch.randn(14, 12, generator=generator)
    assert metric(x, y).isnan()
    assert metric(y, x).isnan()


def test_too_few_directions_have_no_number(generator):
    flat = torch.randn(30, 9, generator=generator) @ torch.randn(9, 20, generator=generator)
    full = torch.randn(30, 20, generator=generator)
    assert principal_angles(flat.double(), full).isnan()
    assert pretrained_directions_share(flat.double(), full).isnan()
    assert pretrained_directions_share(full, flat).isfinite()


@pytest.mark.parametrize("metric", [principal_angles, pretrained_directions_share])
def test_bad_shapes_are_refused(metric):
    name = metric.__name__
    with pytest.raises(DataError, match=f"metric {name}: given 10 samples; needed: at least 11"):
        metric(torch.ones(10, 12), torch.ones(10, 12))
    with pytest.raises(DataError, match=f"metric {name}: given vectors of 9 numbers; needed: at least 10"):
        metric(torch.ones(12, 9), torch.ones(12, 9))
