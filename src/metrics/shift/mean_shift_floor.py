"""What the mean shift is where samples move without a common direction."""

import torch

from src.metrics.catalog import check_samples
from src.metrics.shared.rows import Rows
from src.metrics.shared.shapes import Pooled, Scalar, Weights
from src.metrics.shared.strips import of_each
from src.metrics.uncertainty.bootstrap import Replicates, Resampled


def mean_shift_floor(base: Pooled, tuned: Pooled) -> Scalar:
    """Root mean square of `mean_shift` over all 2^N signs of the samples' moves: its null expectation.

    sqrt(sum_n ||tuned_n - base_n||^2) / N. A length is never negative, so the interval of `mean_shift` leaves
    0 out whatever happened; one near its floor says nothing. At least 0, in the unit of the hidden states;
    it shrinks like 1 / sqrt(N). Invariances as for `mean_shift`. DataError without samples. Source: ours
    (sign-flip test; Fisher 1935).
    """
    check_samples("mean_shift_floor", len(base))
    return _squares(base, tuned).sum().sqrt() / len(base)


def mean_shift_floor_resampled(base: Rows, tuned: Rows) -> Resampled:
    """`mean_shift_floor` as a function of the multiplicities of samples."""
    squares = _squares(base.pooled, tuned.pooled)

    def floor(weights: Weights) -> Replicates:
        return (weights @ squares).sqrt() / weights.sum(dim=1)

    return floor


def _squares(base: Pooled, tuned: Pooled) -> torch.Tensor:
    """||tuned_n - base_n||^2 of every sample n."""
    return of_each(lambda before, after: (after - before).square().sum(dim=1), base, tuned)
