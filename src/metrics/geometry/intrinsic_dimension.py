"""On how many dimensions a layer's pooled vectors lie, told from distances to nearest neighbours.

Distances come from inner products of the centred samples. Samples that coincide, such as a text given
twice, are merged first: they say nothing of the dimension, and leaving all of them out would thin out the
neighbourhoods of the others. The published form keeps them.
"""

import math

import torch
from torch import Tensor

from src.metrics.catalog import check_samples
from src.metrics.shared.neighbours import Neighbours
from src.metrics.shared.rows import NUM_NEIGHBOURS, Rows
from src.metrics.shared.shapes import Pooled, Scalar, Statistic

DISCARDED = 0.1  # share of the largest ratios that TwoNN leaves out: they spoil the fit most


def intrinsic_dimension_twonn(pooled: Pooled) -> Scalar:
    """TwoNN: slope through the origin of -log(1 - F(m)) against log m, m = r2 / r1 of every sample.

    F is the empirical distribution, i / N for the ratio of rank i = 1, 2, ..; the largest 10 % of the
    ratios are left out. Range above 0, a number of dimensions. Invariant under rotation, shift, isotropic
    scaling and the order of samples. High dimensions are underestimated unless N is very large. N counts
    different samples; NaN below 3 of them. DataError below 3 samples. Source: Facco et al. 2017.
    """
    check_samples("intrinsic_dimension_twonn", len(pooled))
    distinct = Rows(pooled).distinct
    return _twonn(distinct.nearest()) if len(distinct) >= 3 else torch.tensor(math.nan)


def intrinsic_dimension_mle(pooled: Pooled) -> Scalar:
    """Levina-Bickel estimate from the 10 nearest neighbours, averaged as MacKay and Ghahramani do.

    1 / mean over samples and j = 1..9 of log(T_10 / T_j), T_j the distance to the j-th neighbour. Range
    above 0, a number of dimensions. Invariances and bias as for TwoNN. NaN below 11 different samples.
    DataError below 11 samples. Source: Levina and Bickel 2004; MacKay and Ghahramani 2005 (mean of the
    inverses).
    """
    check_samples("intrinsic_dimension_mle", len(pooled))
    distinct = Rows(pooled).distinct
    return _mle(distinct.nearest()) if len(distinct) > NUM_NEIGHBOURS else torch.tensor(math.nan)


def intrinsic_dimension_paper(pooled: Pooled) -> Scalar:
    """Published form: 1 / mean log(r2 / (r1 + 1e-9)), clipped to [0, D], over log N, of all samples.

    A sample that coincides with another counts with its r1 of 0. The published code draws 1,000 samples
    without a seed where there are more. Range 0 to D / log N, no unit. Invariances as for TwoNN, up to the
    1e-9; dividing by log N makes it no number of dimensions. NaN where all samples coincide. DataError below
    3 samples. Source: Zhao et al. 2026 (arXiv 2604.11838, as coded, though never run).
    """
    check_samples("intrinsic_dimension_paper", len(pooled))
    return _paper(Rows(pooled).nearest(), pooled.shape[1])


def intrinsic_dimension_twonn_statistic(rows: Rows) -> Statistic:
    """`intrinsic_dimension_twonn` as a function of the kept samples, which are distinct."""
    return lambda kept: _twonn(rows.nearest(kept)).item()


def intrinsic_dimension_mle_statistic(rows: Rows) -> Statistic:
    """`intrinsic_dimension_mle` as a function of the kept samples, which are distinct."""
    return lambda kept: _mle(rows.nearest(kept)).item()


def intrinsic_dimension_paper_statistic(rows: Rows) -> Statistic:
    """`intrinsic_dimension_paper` as a function of the kept samples."""
    return lambda kept: _paper(rows.nearest(kept), rows.width).item()


def _twonn(distances: Neighbours) -> Scalar:
    logs = _log_ratios(distances, 2).squeeze(1).sort().values
    num_fitted = int(len(logs) * (1 - DISCARDED))
    fitted = logs[:num_fitted]
    heights = -(1 - torch.arange(1, num_fitted + 1, dtype=logs.dtype) / len(logs)).log()
    return (fitted * heights).sum() / fitted.square().sum() if num_fitted > 1 else fitted.sum() * torch.nan


def _mle(distances: Neighbours) -> Scalar:
    return 1 / _log_ratios(distances, NUM_NEIGHBOURS).mean()


def _paper(distances: Neighbours, width: int) -> Scalar:
    if not distances.any():
        return torch.tensor(math.nan)
    estimate = 1 / (distances[:, 1] / (distances[:, 0] + 1e-9)).log().mean()
    return estimate.clamp(0, width) / math.log(len(distances))


def _log_ratios(distances: Neighbours, last: int) -> Tensor:
    """log(T_last / T_j) for j = 1..last - 1."""
    return (distances[:, last - 1 : last] / distances[:, : last - 1]).log()
