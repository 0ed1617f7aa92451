"""How far the centre of the representations moved."""

import torch

from src.metrics.bootstrap import Resampled
from src.metrics.catalog import check_samples
from src.metrics.rows import Rows
from src.metrics.shapes import Pooled, Scalar, Statistic


def mean_shift(base: Pooled, tuned: Pooled) -> Scalar:
    """||mean(tuned) - mean(base)||_2, the means over samples.

    At least 0, in the unit of the hidden states. Invariant under a rotation or shift of both sides
    together, and under any order of the samples of either. DataError without samples.
    """
    check_samples("mean_shift", len(base))
    return (tuned.double() - base.double()).mean(dim=0).norm()


def mean_shift_statistic(base: Rows, tuned: Rows) -> Statistic:
    """`mean_shift` as a function of the kept samples."""
    difference = tuned.pooled.to(torch.float64, copy=True).sub_(base.pooled)
    return lambda kept: difference[kept].mean(dim=0).norm().item()


def mean_shift_resampled(base: Rows, tuned: Rows) -> Resampled:
    """`mean_shift` as a function of the multiplicities of samples."""
    difference = tuned.pooled.to(torch.float64, copy=True).sub_(base.pooled)
    return lambda weights: (weights @ difference).norm(dim=1) / weights.sum(dim=1)
