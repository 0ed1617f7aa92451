import math

import numpy as np
import pytest
import torch

from src.errors import DataError
from src.metrics.information.dime import _induced, _permutation_table, dime
from src.metrics.information.infonce import infonce
from src.metrics.information.lidar import lidar
from src.metrics.uncertainty.jackknife import jackknife_stderr


def views(generator, num_samples=20, num_views=2, width=6, noise=0.3):
    """Views that differ from a sample of their own by noise."""
    centres = torch.randn(num_samples, 1, width, generator=generator)
    return centres + noise * torch.randn(num_samples, num_views, width, generator=generator) + 0.5


def infonce_oracle(x):
    x = x / np.linalg.norm(x, axis=2, keepdims=True)
    n = len(x)
    losses = []
    for one, other in ((x[:, 0], x[:, 1]), (x[:, 1], x[:, 0])):
        for i in range(n):
            scores = np.exp([one[i] @ other[j] / 0.1 for j in range(n)])
            losses.append(-math.log(scores[i] / scores.sum()))
    return math.log(n) - np.mean(losses)


def lidar_oracle(x):
    n, k, d = x.shape
    means = x.mean(axis=1)
    between, within = np.zeros((d, d)), 1e-4 * np.eye(d)
    for i in range(n):
        between += np.outer(means[i] - means.mean(axis=0), means[i] - means.mean(axis=0)) / n
        for j in range(k):
            within += np.outer(x[i, j] - means[i], x[i, j] - means[i]) / (n * k)
    values, vectors = np.linalg.eigh(within)
    root = vectors @ np.diag(values**-0.5) @ vectors.T
    return math.exp(entropy(root @ between @ root))


def entropy(matrix):
    values = np.linalg.eigvalsh(matrix / np.trace(matrix))
    values = values[values > 1e-12]
    return -(values * np.log(values)).sum()


def dime_oracle(x, table):
    grams = []
    for view in (x[:, 0], x[:, 1]):
        rows = view - view.mean(axis=0)
        rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        grams.append(rows @ rows.T)
    permuted = [entropy(grams[0] * grams[1][np.ix_(order, order)]) for order in table]
    return np.mean(permuted) - entropy(grams[0] * grams[1])


@pytest.mark.parametrize(("num_samples", "width"), [(20, 6), (8, 30)])
def test_from_the_definition(num_samples, width, generator):
    x = views(generator, num_samples, width=width)
    raw = x.double().numpy()
    assert infonce(x).item() == pytest.approx(infonce_oracle(raw), rel=1e-9)
    assert lidar(x).item() == pytest.approx(lidar_oracle(raw), rel=1e-6)
    assert dime(x).item() == pytest.approx(dime_oracle(raw, _permutation_table(num_samples)), rel=1e-6)
    three = views(generator, num_samples, 3, width)
    assert lidar(three).item() == pytest.approx(lidar_oracle(three.double().numpy()), rel=1e-6)
    assert torch.equal(infonce(three), infonce(three[:, :2]))  # of more views, the first two count
    assert torch.equal(dime(three), dime(three[:, :2]))


@pytest.mark.parametrize("metric", [infonce, lidar])
@pytest.mark.parametrize("width", [6, 30])
def test_statistic_of_kept_samples_is_the_metric_of_those_rows(metric, width, generator):
    x = views(generator, width=width)
    kept = torch.tensor([0, 2, 3, 7, 8, 11, 14, 15, 19])
    assert metric.statistic(x)(kept) == pytest.approx(metric(x[kept]).item(), rel=1e-8)


def test_dime_statistic_permutes_the_kept_samples(generator):
    x = views(generator)
    kept = torch.tensor([0, 2, 3, 7, 8, 11, 14, 15, 19])
    table = [_induced(order, kept).tolist() for order in _permutation_table(20)]
    expected = dime_oracle(x[kept].double().numpy(), table)
    assert dime.statistic(x)(kept) == pytest.approx(expected, rel=1e-6)
    assert dime.statistic(x)(torch.arange(20)) == pytest.approx(dime(x).item(), rel=1e-12)


def test_induced_permutation_skips_what_was_left_out():
    assert _induced([1, 2, 3, 0, 4], torch.tensor([0, 2, 4])).tolist() == [1, 0, 2]
    assert _induced([2, 0, 1], torch.arange(3)).tolist() == [2, 0, 1]


def test_views_of_the_same_share_all_and_independent_ones_nothing(generator):
    num_samples = 200
    one, other = torch.randn(2, num_samples, 3, generator=generator)
    same, independent = torch.stack([one, one], dim=1), torch.stack([one, other], dim=1)
    assert dime(same).item() > 0.1
    stderr = jackknife_stderr(dime.statistic(independent), num_samples, 2)
    assert abs(dime(independent).item()) < 4 * stderr < 0.1
    assert infonce(independent).item() < 0.0
    wide = torch.randn(num_samples, 400, generator=generator)
    assert infonce(torch.stack([wide, wide], dim=1)).item() == pytest.approx(math.log(num_samples), abs=0.1)


def test_lidar_counts_the_directions_that_tell_samples_apart(generator):
    """Views with equal noise everywhere, samples spread over 4 of 12 dimensions."""
    x = 0.01 * torch.randn(500, 4, 12, generator=generator)
    x[:, :, :4] += torch.randn(500, 1, 4, generator=generator)
    assert lidar(x).item() == pytest.approx(4.0, rel=0.02)
    same = torch.eye(9)[:, None, :].repeat(1, 2, 1)
    assert lidar(same).item() == pytest.approx(8.0, rel=1e-9)  # the centre is one
    noise = torch.randn(500, 2, 12, generator=generator)
    assert lidar(noise).item() > 11  # chance alone tells them apart in all directions alike


@pytest.mark.parametrize("metric", [infonce, lidar, dime])
def test_rotation_and_order(metric, generator, rotation):
    x = views(generator).double()
    value = metric(x).item()
    assert metric(x @ rotation(6)).item() == pytest.approx(value, rel=1e-7)
    assert metric(x.float()).item() == pytest.approx(value, rel=1e-4)
    assert metric(x.flip(1)).item() == pytest.approx(value, rel=1e-7 if metric is not dime else 0.3)
    order = torch.randperm(20, generator=generator)
    assert metric(x[order]).item() == pytest.approx(value, rel=1e-7 if metric is not dime else 0.3)


@pytest.mark.parametrize("metric", [lidar, dime])
@pytest.mark.parametrize("value", [0.0, 0.1, 1e4])
def test_equal_samples_have_no_value(metric, value):
    assert metric(torch.full((9, 2, 5), value)).isnan()


def test_a_view_of_zeros_has_no_infonce():
    assert infonce(torch.zeros(5, 2, 3)).isnan()


@pytest.mark.parametrize("metric", [infonce, lidar, dime])
def test_too_few_samples_or_views(metric, generator):
    assert metric(torch.randn(2, 2, 4, generator=generator)).isfinite()
    with pytest.raises(DataError, match=f"metric {metric.__name__}: given 1 samples; needed: at least 2"):
        metric(torch.randn(1, 2, 4, generator=generator))
    with pytest.raises(
        DataError, match=f"metric {metric.__name__}: given 1 views; needed: (at least )?2 views"
    ):
        metric(torch.randn(5, 1, 4, generator=generator))
