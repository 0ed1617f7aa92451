"""How far the centre of the representations moved."""

from src.metrics.catalog import check_samples
from src.metrics.shared.inner_products import STRIP
from src.metrics.shared.rows import Rows
from src.metrics.shared.shapes import Pooled, Scalar, Weights
from src.metrics.uncertainty.bootstrap import Replicates, Resampled


def mean_shift(base: Pooled, tuned: Pooled) -> Scalar:
    """||mean(tuned) - mean(base)||_2, the means over samples.

    At least 0, in the unit of the hidden states, and above it by chance alone: see `mean_shift_floor`.
    Invariant under a rotation or shift of both sides together, and under any order of the samples of either.
    DataError without samples. Source: Zhao et al. 2026 (arXiv 2604.11838, as coded).
    """
    check_samples("mean_shift", len(base))
    return (tuned.double() - base.double()).mean(dim=0).norm()


def mean_shift_resampled(base: Rows, tuned: Rows) -> Resampled:
    """`mean_shift` as a function of the multiplicities of samples."""

    def shift(weights: Weights) -> Replicates:
        strips = zip(
            weights.split(STRIP, dim=1), tuned.pooled.split(STRIP), base.pooled.split(STRIP), strict=True
        )
        sums = sum(some @ (after.double() - before.double()) for some, after, before in strips)
        return sums.norm(dim=1) / weights.sum(dim=1)

    return shift
