"""What biased CKA yields where the samples of the two sides have nothing to do with each other."""

import torch

from src.metrics.bootstrap import Replicates, Resampled, Weights
from src.metrics.catalog import check_samples
from src.metrics.gram import ROUNDING, centred_gram, double_centred, kept_part
from src.metrics.rows import Rows
from src.metrics.shapes import Gram, OtherWidth, Pooled, Scalar, Statistic


def cka_biased_floor(base: Pooled, tuned: OtherWidth) -> Scalar:
    """Mean of `cka_biased` over all N! orders of the samples of one side: its permutation floor.

    Exact and without drawing orders: tr K tr L / ((N - 1) (|K| |L| + 1e-9)), K and L double-centred Gram
    matrices, as the mean of PLP^T over all permutations P is tr L / (N - 1) times the centring matrix.
    Range above 0 to 1, no unit; near 1 for few samples in many directions. A `cka_biased` near its floor
    says nothing; the floor of `cka_debiased` is 0. Invariant under rotation, shift, isotropic scaling and
    any order of either side. NaN where one side does not vary. DataError below 2 samples. Source:
    Kazi-Aoual et al. 1995 (moments of the RV coefficient, which biased linear CKA is).
    """
    check_samples("cka_biased_floor", len(base))
    return cka_biased_floor_of_grams(centred_gram(base), centred_gram(tuned))


def cka_biased_floor_of_grams(base: Gram, tuned: Gram) -> Scalar:
    """`cka_biased_floor` of Gram matrices, centred or not."""
    base, tuned = double_centred(base), double_centred(tuned)
    lengths = base.norm() * tuned.norm()
    if lengths == 0:
        return lengths / 0.0
    return base.trace() * tuned.trace() / ((len(base) - 1) * (lengths + 1e-9))


def cka_biased_floor_statistic(base: Rows, tuned: Rows) -> Statistic:
    """`cka_biased_floor` as a function of the kept samples."""
    first, second = base.centred_gram, tuned.centred_gram
    return lambda kept: cka_biased_floor_of_grams(kept_part(first, kept), kept_part(second, kept)).item()


def cka_biased_floor_resampled(base: Rows, tuned: Rows) -> Resampled:
    """`cka_biased_floor` as a function of the multiplicities of samples."""
    first, second = base.centred_gram, tuned.centred_gram

    def floor(weights: Weights) -> Replicates:
        num_drawn = weights.sum(dim=1)
        (trace, squared), (other_trace, other_squared) = _moments(first, weights), _moments(second, weights)
        lengths = (squared * other_squared).sqrt()
        return trace * other_trace / ((num_drawn - 1) * (lengths + 1e-9))

    return floor


def _moments(matrix: Gram, weights: Weights) -> tuple[Replicates, Replicates]:
    """Trace and squared norm of the double-centred Gram matrix of each resample; NaN if it does not vary."""
    num_drawn = weights.sum(dim=1)
    sums = weights @ matrix
    total = (sums * weights).sum(dim=1)
    raw = ((weights @ matrix.square()) * weights).sum(dim=1)
    squared = raw - 2 / num_drawn * (weights * sums.square()).sum(dim=1) + (total / num_drawn).square()
    trace = weights @ matrix.diagonal() - total / num_drawn
    return trace, torch.where(squared > ROUNDING * raw, squared, torch.nan)
