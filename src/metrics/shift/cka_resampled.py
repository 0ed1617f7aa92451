"""Linear CKA of many resamples at once, from inner products and the multiplicities of the samples."""

import torch

from src.metrics.shared.gram import ROUNDING
from src.metrics.shared.inner_products import InnerProducts, weighted_products
from src.metrics.shared.shapes import Weights
from src.metrics.uncertainty.bootstrap import Replicates


def cka_biased_of_weights(base: InnerProducts, tuned: InnerProducts, weights: Weights) -> Replicates:
    """`cka_biased` of the rows repeated `weights` times, without repeating them."""
    lengths = (_biased_hsic(base, base, weights) * _biased_hsic(tuned, tuned, weights)).sqrt()
    return _biased_hsic(base, tuned, weights) / (lengths + 1e-9)


def cka_debiased_of_weights(base: InnerProducts, tuned: InnerProducts, weights: Weights) -> Replicates:
    """`cka_debiased` where every sample counts `weights` times, but never against itself.

    The unbiased HSIC averages over four different samples. A sample drawn twice is not two different ones:
    counted so, its own squared length would enter as a similarity and bias every resample. The average here
    is over quadruples of different samples, weighted by the product of their multiplicities; with
    multiplicities of 1 it is `cka_debiased` itself. NaN for a resample of fewer than 4 different samples.
    """
    lengths = (_unbiased_hsic(base, base, weights) * _unbiased_hsic(tuned, tuned, weights)).sqrt()
    return _unbiased_hsic(base, tuned, weights) / lengths


def _biased_hsic(first: InnerProducts, second: InnerProducts, weights: Weights) -> Replicates:
    """<K, L> of the double-centred Gram matrices of each resample; of one matrix that is 0, NaN."""
    num_drawn = weights.sum(dim=1)
    sums = first.weighted(weights)
    others = sums if first is second else second.weighted(weights)
    both = _sum(weighted_products(first, second, weights)[0], weights)
    chains = _sum(sums * others, weights)
    apart = _sum(sums, weights) * _sum(others, weights)
    hsic = both - 2 / num_drawn * chains + apart / num_drawn.square()
    return _known(hsic, both) if first is second else hsic


def _unbiased_hsic(first: InnerProducts, second: InnerProducts, weights: Weights) -> Replicates:
    """Mean of K_ij (L_ij + L_qr - 2 L_iq) over different i, j, q, r, weighted by w_i w_j w_q w_r.

    K and L have a diagonal of zeros. Every sum over different indices is the sum over all indices less those
    that coincide; p1 to p4 are the power sums of the weights, `both_ab` is sum_ij w_i^a w_j^b K_ij L_ij.
    """
    squares = weights.square()
    p1, p2, p3, p4 = (weights.pow(power).sum(dim=1) for power in (1, 2, 3, 4))
    sums, sums_2 = _hollow_sums(first, weights, squares)
    others, others_2 = (sums, sums_2) if first is second else _hollow_sums(second, weights, squares)
    diagonal = first.diagonal() * second.diagonal()
    products, products_2 = weighted_products(first, second, weights, squares)
    products -= weights * diagonal
    products_2 -= squares * diagonal
    both_11, both_12, both_13 = (_sum(products, weights.pow(power)) for power in (1, 2, 3))
    both_22 = _sum(products_2, squares)
    stars = _sum(sums * others, squares)
    pairs = (p1**2 - p2) * both_11 - 4 * p1 * both_12 + 4 * both_13 + 2 * both_22
    apart = _sum(sums, weights) * _sum(others, weights) - 4 * stars + 2 * both_22
    mixed = _sum(sums_2 * others + sums * others_2, weights)
    chains = p1 * (_sum(sums * others, weights) - both_12) - stars + both_22 - mixed + 2 * both_13
    num_quadruples = p1**4 - 6 * p1**2 * p2 + 3 * p2**2 + 8 * p1 * p3 - 6 * p4
    hsic = (pairs + apart - 2 * chains) / num_quadruples
    return _known(hsic, pairs / num_quadruples) if first is second else hsic


def _hollow_sums(products: InnerProducts, *weights: Weights) -> list[Weights]:
    """Products weights @ K, K with a diagonal of zeros."""
    diagonal = products.diagonal()
    return [products.weighted(one).sub_(one * diagonal) for one in weights]


def _sum(values: Weights, weights: Weights) -> Replicates:
    """The weighted sum of each resample's values, without a copy of their size."""
    return torch.einsum("rs,rs->r", values, weights)


def _known(squared: Replicates, scale: Replicates) -> Replicates:
    """A squared length, or NaN where it is what rounding leaves of a difference of numbers of `scale`."""
    return torch.where(squared.isfinite() & (squared > ROUNDING * scale), squared, torch.nan)
