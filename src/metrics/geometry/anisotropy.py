"""How far a layer's pooled vectors point one way."""

import torch
from torch import Tensor

from src.metrics.catalog import check_samples
from src.metrics.shared.rows import Rows
from src.metrics.shared.shapes import Pooled, Scalar, Statistic
from src.metrics.shared.strips import chosen


def anisotropy(pooled: Pooled) -> Scalar:
    """Mean cosine over all pairs of different samples: (||sum u||^2 - N) / (N (N - 1)), u = x / ||x||.

    Range -1 / (N - 1) to 1, no unit; near 0 for directions spread evenly, 1 where all point one way.
    Invariant under rotation, positive scaling of single samples and the order of samples; not under a
    shift, which is what it measures. NaN where a sample is zero. DataError below 2 samples. Source:
    Ethayarajh 2019.
    """
    check_samples("anisotropy", len(pooled))
    return _mean_cosine(pooled, torch.arange(len(pooled)))


def anisotropy_statistic(rows: Rows) -> Statistic:
    """`anisotropy` as a function of the kept samples."""
    return lambda kept: _mean_cosine(rows.pooled, kept).item()


def _mean_cosine(pooled: Pooled, kept: Tensor) -> Scalar:
    n = len(kept)
    total = sum((rows / rows.norm(dim=1, keepdim=True)).sum(dim=0) for rows in chosen(pooled, kept))
    return (total.square().sum() - n) / (n * (n - 1))
