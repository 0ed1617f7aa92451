"""Linear CKA of many resamples at once, from two Gram matrices and the multiplicities of the samples."""

import torch

from src.metrics.bootstrap import Replicates, Weights
from src.metrics.gram import ROUNDING
from src.metrics.shapes import Gram


def cka_biased_of_weights(base: Gram, tuned: Gram, weights: Weights) -> Replicates:
    """`cka_biased` of the rows repeated `weights` times, without repeating them."""
    lengths = (_biased_hsic(base, base, weights) * _biased_hsic(tuned, tuned, weights)).sqrt()
    return _biased_hsic(base, tuned, weights) / (lengths + 1e-9)


def cka_debiased_of_weights(base: Gram, tuned: Gram, weights: Weights) -> Replicates:
    """`cka_debiased` where every sample counts `weights` times, but never against itself.

    The unbiased HSIC averages over four different samples. A sample drawn twice is not two different ones:
    counted so, its own squared length would enter as a similarity and bias every resample. The average here
    is over quadruples of different samples, weighted by the product of their multiplicities; with
    multiplicities of 1 it is `cka_debiased` itself. NaN for a resample of fewer than 4 different samples.
    """
    base, tuned = _hollow(base), _hollow(tuned)
    lengths = (_unbiased_hsic(base, base, weights) * _unbiased_hsic(tuned, tuned, weights)).sqrt()
    return _unbiased_hsic(base, tuned, weights) / lengths


def _biased_hsic(first: Gram, second: Gram, weights: Weights) -> Replicates:
    """<K, L> of the double-centred Gram matrices of each resample; of one matrix that is 0, NaN."""
    num_drawn = weights.sum(dim=1)
    sums, others = weights @ first, weights @ second
    both = ((weights @ (first * second)) * weights).sum(dim=1)
    chains = (weights * sums * others).sum(dim=1)
    apart = (sums * weights).sum(dim=1) * (others * weights).sum(dim=1)
    hsic = both - 2 / num_drawn * chains + apart / num_drawn.square()
    return _known(hsic, both) if first is second else hsic


def _unbiased_hsic(first: Gram, second: Gram, weights: Weights) -> Replicates:
    """Mean of K_ij (L_ij + L_qr - 2 L_iq) over different i, j, q, r, weighted by w_i w_j w_q w_r.

    K and L have a diagonal of zeros. Every sum over different indices is the sum over all indices less those
    that coincide; p1 to p4 are the power sums of the weights, `both_ab` is sum_ij w_i^a w_j^b K_ij L_ij.
    """
    squares, cubes = weights.square(), weights.pow(3)
    p1, p2, p3, p4 = (weights.pow(power).sum(dim=1) for power in (1, 2, 3, 4))
    sums, others = weights @ first, weights @ second
    products = first * second
    of_products = weights @ products
    both_11, both_12, both_13 = ((of_products * power).sum(dim=1) for power in (weights, squares, cubes))
    both_22 = ((squares @ products) * squares).sum(dim=1)
    stars = (squares * sums * others).sum(dim=1)
    pairs = (p1**2 - p2) * both_11 - 4 * p1 * both_12 + 4 * both_13 + 2 * both_22
    apart = (sums * weights).sum(dim=1) * (others * weights).sum(dim=1) - 4 * stars + 2 * both_22
    mixed = (weights * ((squares @ first) * others + sums * (squares @ second))).sum(dim=1)
    chains = p1 * ((weights * sums * others).sum(dim=1) - both_12) - stars + both_22 - mixed + 2 * both_13
    num_quadruples = p1**4 - 6 * p1**2 * p2 + 3 * p2**2 + 8 * p1 * p3 - 6 * p4
    hsic = (pairs + apart - 2 * chains) / num_quadruples
    return _known(hsic, pairs / num_quadruples) if first is second else hsic


def _hollow(matrix: Gram) -> Gram:
    return matrix - torch.diag(matrix.diagonal())


def _known(squared: Replicates, scale: Replicates) -> Replicates:
    """A squared length, or NaN where it is what rounding leaves of a difference of numbers of `scale`."""
    return torch.where(squared.isfinite() & (squared > ROUNDING * scale), squared, torch.nan)
