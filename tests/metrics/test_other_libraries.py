"""Where another library computes the same, the numbers are the same."""

import warnings

import numpy
import pytest
import torch

from src.metrics.geometry.intrinsic_dimension import intrinsic_dimension_mle, intrinsic_dimension_twonn
from src.metrics.shift.cka import cka_debiased


@pytest.fixture(scope="module")
def skdim():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # numba on its own deprecations
        import skdim

        return skdim


def cloud(seed, num_samples=120, width=24, dimension=5, noise=0.01):
    draw = numpy.random.default_rng(seed)
    plane = draw.normal(size=(num_samples, dimension)) @ draw.normal(size=(dimension, width))
    return plane + noise * draw.normal(size=(num_samples, width))


@pytest.mark.parametrize("seed", range(3))
def test_debiased_cka_is_that_of_pytorch_cka(seed):
    from cka import cka_from_features

    x = torch.from_numpy(cloud(seed))
    y = x @ torch.from_numpy(cloud(seed + 10, 24, 16)) + 0.5 * torch.from_numpy(cloud(seed + 20, 120, 16))
    assert cka_debiased(x, y).item() == pytest.approx(cka_from_features(x, y).item(), rel=1e-9)


@pytest.mark.parametrize(("seed", "dimension"), [(0, 2), (1, 5), (2, 9)])
def test_twonn_is_that_of_scikit_dimension(skdim, seed, dimension):
    x = cloud(seed, dimension=dimension)
    assert intrinsic_dimension_twonn(torch.from_numpy(x)).item() == pytest.approx(
        skdim.id.TwoNN().fit(x).dimension_, rel=1e-9
    )


@pytest.mark.parametrize(("seed", "dimension"), [(0, 2), (1, 5), (2, 9)])
def test_mle_is_that_of_scikit_dimension(skdim, seed, dimension):
    x = cloud(seed, dimension=dimension)
    theirs = skdim.id.MLE(K=10).fit(x, n_neighbors=10, comb="mle").dimension_
    assert intrinsic_dimension_mle(torch.from_numpy(x)).item() == pytest.approx(theirs, rel=1e-9)
