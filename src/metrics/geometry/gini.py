"""How unequal the lengths of a layer's pooled vectors are."""

import torch

from src.metrics.catalog import check_samples
from src.metrics.geometry.l2_norm import l2_norm
from src.metrics.shared.rows import Rows
from src.metrics.shared.shapes import PerSample, Pooled, Scalar, Statistic


def gini(pooled: Pooled) -> Scalar:
    """Gini coefficient of the norms of the samples: sum_ij |l_i - l_j| / (2 N sum_i l_i).

    Range 0 (equal norms) to 1 - 1 / N (one vector is not zero), no unit. Invariant under rotation,
    isotropic scaling and the order of samples. NaN where every vector is zero. DataError below 2 samples.
    Source: Gini 1912; Zhao et al. 2026 (arXiv 2604.11838: of norms, though never run).
    """
    check_samples("gini", len(pooled))
    return _gini(l2_norm(pooled))


def gini_statistic(rows: Rows) -> Statistic:
    """`gini` as a function of the kept samples."""
    norms = l2_norm(rows.pooled)
    return lambda kept: _gini(norms[kept]).item()


def _gini(norms: PerSample) -> Scalar:
    """By ranks: the i-th smallest of n is larger than i - 1 others and smaller than n - i."""
    n = len(norms)
    weights = torch.arange(1 - n, n, 2, dtype=norms.dtype)
    return (weights * norms.sort().values).sum() / (n * norms.sum())
