"""Linear centred kernel alignment (CKA) of two sets of representations of the same samples."""

import torch
from torch import Tensor

from src.metrics.catalog import check_samples
from src.metrics.shared.gram import ROUNDING, centred_gram, double_centred
from src.metrics.shared.rows import Rows
from src.metrics.shared.shapes import Gram, OtherWidth, Pooled, Scalar
from src.metrics.shift.cka_resampled import cka_biased_of_weights, cka_debiased_of_weights
from src.metrics.uncertainty.bootstrap import Resampled


def cka_biased(base: Pooled, tuned: OtherWidth) -> Scalar:
    """Linear CKA as published: <K, L> / (sqrt(|K|^2 |L|^2) + 1e-9), K and L double-centred Gram matrices.

    The biased HSIC stands in numerator and denominators. Range 0 to 1, no unit. Invariant under rotation,
    shift and isotropic scaling of either side (scaling: up to the 1e-9). Far above 0 for independent data
    of few samples and many dimensions. NaN where one side does not vary over the samples, where the
    published code yields 0. DataError below 2 samples. Source: Kornblith et al. 2019.
    """
    check_samples("cka_biased", len(base))
    return cka_biased_of_grams(centred_gram(base), centred_gram(tuned))


def cka_debiased(base: Pooled, tuned: OtherWidth) -> Scalar:
    """Linear CKA with the unbiased HSIC in the numerator and in both denominators.

    At most 1, no unit; expected near 0 for independent data whatever the dimension, may be negative and is
    not clamped. Invariant under rotation, shift and isotropic scaling of either side. NaN where one side
    does not vary over the samples. DataError below 4 samples. Source: Song et al. 2012 (HSIC); Nguyen,
    Raghu and Kornblith 2021 (in CKA).
    """
    check_samples("cka_debiased", len(base))
    return cka_debiased_of_grams(centred_gram(base), centred_gram(tuned))


def cka_biased_of_grams(base: Gram, tuned: Gram) -> Scalar:
    """`cka_biased` of Gram matrices, centred or not."""
    base, tuned = double_centred(base), double_centred(tuned)
    lengths = (base.square().sum() * tuned.square().sum()).sqrt()
    if lengths == 0:
        return lengths / 0.0
    return (base * tuned).sum() / (lengths + 1e-9)


def cka_debiased_of_grams(base: Gram, tuned: Gram) -> Scalar:
    """`cka_debiased` of Gram matrices, centred or not."""
    base, tuned = _u_centred(base), _u_centred(tuned)
    return (base * tuned).sum() / (base.square().sum() * tuned.square().sum()).sqrt()


def cka_biased_resampled(base: Rows, tuned: Rows) -> Resampled:
    """`cka_biased` as a function of the multiplicities of samples."""
    return lambda weights: cka_biased_of_weights(base.products, tuned.products, weights)


def cka_debiased_resampled(base: Rows, tuned: Rows) -> Resampled:
    """`cka_debiased` as a function of the multiplicities; a sample never counts against itself.

    For sides that hardly depend on each other the spread of resamples is too wide (by half, at CKA 0.1), as
    for any degenerate U-statistic; an interval errs on the safe side there.
    """
    return lambda weights: cka_debiased_of_weights(base.products, tuned.products, weights)


def _u_centred(matrix: Gram) -> Tensor:
    """The U-centred matrix: zero diagonal, every row sums to zero.

    <U(K), U(L)> / (n (n - 3)) is the unbiased HSIC of Song et al. (Székely and Rizzo 2014).
    """
    num_samples = len(matrix)
    hollow = matrix - torch.diag(matrix.diagonal())
    rows = hollow.sum(dim=0) / (num_samples - 2)
    centred = hollow - rows[None, :] - rows[:, None] + rows.sum() / (num_samples - 1)
    centred.fill_diagonal_(0.0)
    return centred if centred.norm() > ROUNDING * matrix.norm() else torch.zeros_like(centred)
