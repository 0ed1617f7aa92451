"""Many rows are never held in float64 all at once, and the numbers are those of all at once."""

import numpy as np
import pytest
import torch

import src.metrics.shared.axes
import src.metrics.shared.strips
from src.metrics.catalog import METRICS, resolve
from src.metrics.shared.rows import Rows

WIDTH, LEADING = 24, 10


def centred(x):
    return x - x.mean(axis=0)


def directions(x):
    return np.linalg.svd(centred(x), full_matrices=False)[2][:LEADING].T


def procrustes_distance(x, y):
    x, y = (centred(one) / np.linalg.norm(centred(one)) for one in (x, y))
    return np.sqrt(2 - 2 * np.linalg.svd(x.T @ y, compute_uv=False).sum())


def principal_angles(x, y):
    return np.arccos(np.linalg.svd(directions(x).T @ directions(y), compute_uv=False)).mean()


def pretrained_directions_share(x, y):
    return np.square((y - x) @ directions(x)).sum() / np.square(y - x).sum()


def anisotropy(x, _):
    unit = x / np.linalg.norm(x, axis=1, keepdims=True)
    return (unit @ unit.T)[~np.eye(len(x), dtype=bool)].mean()


def ratios(x):
    distances = np.sort(np.linalg.norm(x[:, None] - x[None], axis=2), axis=1)[:, 1:11]
    return np.log(distances[:, -1:] / distances[:, :-1]), np.sort(np.log(distances[:, 1] / distances[:, 0]))


def intrinsic_dimension_mle(x, _):
    return 1 / ratios(x)[0].mean()


def intrinsic_dimension_twonn(x, _):
    logs = ratios(x)[1][: int(0.9 * len(x))]
    heights = -np.log(1 - np.arange(1, len(logs) + 1) / len(x))
    return logs @ heights / (logs @ logs)


def cosine_similarity(x, y):
    return ((x * y).sum(1) / np.linalg.norm(x, axis=1) / np.linalg.norm(y, axis=1)).mean()


def change_intensity(x, y):
    return np.linalg.norm(y - x, axis=1).mean()


def l2_norm(x, _):
    return np.linalg.norm(x, axis=1).mean()


def gini(x, _):
    norms = np.linalg.norm(x, axis=1)
    return np.abs(norms[:, None] - norms).sum() / (2 * len(x) * norms.sum())


ORACLES = [
    procrustes_distance, principal_angles, pretrained_directions_share, anisotropy, intrinsic_dimension_mle,
    intrinsic_dimension_twonn, cosine_similarity, change_intensity, l2_norm, gini,
]  # fmt: skip


@pytest.fixture
def sides(generator):
    scales = torch.logspace(0.5, -1, WIDTH)
    base = torch.randn(301, WIDTH, generator=generator) * scales + 1.0
    return base, base + 0.4 * torch.randn(301, WIDTH, generator=generator)


@pytest.mark.parametrize("oracle", ORACLES, ids=lambda one: one.__name__)
def test_strips_give_what_all_rows_at_once_give(oracle, sides, monkeypatch):
    held = []
    monkeypatch.setattr(src.metrics.shared.strips, "ROWS", 50)
    monkeypatch.setattr(src.metrics.shared.neighbours, "CHUNK", 70)
    double = torch.Tensor.double
    monkeypatch.setattr(torch.Tensor, "double", lambda one: held.append(one.numel()) or double(one))
    metric = METRICS[oracle.__name__]
    given = sides if metric.needs == "pair" else sides[:1]
    value = resolve(metric.function)(*given).mean().item()
    assert max(held, default=0) <= 70 * WIDTH
    x, y = (side.numpy().astype(np.float64) for side in sides)
    assert value == pytest.approx(oracle(x, y), rel=1e-10)
    if metric.interval == "jackknife":
        kept = torch.cat([torch.arange(20), torch.arange(35, 301)])
        found = resolve(metric.function).statistic(*(Rows(side) for side in given))(kept)
        assert max(held, default=0) <= 70 * WIDTH
        assert found == pytest.approx(oracle(x[kept], y[kept]), rel=1e-10)
