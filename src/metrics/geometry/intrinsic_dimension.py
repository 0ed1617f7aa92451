"""On how many dimensions a layer's pooled vectors lie, told from distances to nearest neighbours.

Distances come from inner products of the centred samples. Samples that coincide, such as a text given
twice, are merged first: they say nothing of the dimension, and leaving all of them out would thin out the
neighbourhoods of the others. The published form keeps them.
"""

import math

import torch
from torch import Tensor

from src.metrics.shared.neighbours import Neighbours
from src.metrics.shared.rows import NUM_NEIGHBOURS, Rows
from src.metrics.shared.shapes import Scalar
from src.metrics.shared.together import together

DISCARDED = 0.1  # share of the largest ratios that TwoNN leaves out: they spoil the fit most


@together()
def intrinsic_dimension_twonn(rows: Rows, kept: Tensor) -> Scalar:
    """TwoNN: slope through the origin of -log(1 - F(m)) against log m, m = r2 / r1 of every sample.

    F is the empirical distribution, i / N for the ratio of rank i = 1, 2, ..; the largest 10 % of the
    ratios are left out. Range above 0, a number of dimensions. Invariant under rotation, shift, isotropic
    scaling and the order of samples. High dimensions are underestimated unless N is very large. N counts
    different samples; NaN below 3 of them. DataError below 3 samples. Source: Facco et al. 2017.
    """
    logs = _log_ratios(rows.nearest(kept), 2).squeeze(1).sort().values
    num_fitted = int(len(logs) * (1 - DISCARDED))
    fitted = logs[:num_fitted]
    heights = -(1 - torch.arange(1, num_fitted + 1, dtype=logs.dtype) / len(logs)).log()
    return (fitted * heights).sum() / fitted.square().sum() if num_fitted > 1 else fitted.sum() * torch.nan


@together()
def intrinsic_dimension_mle(rows: Rows, kept: Tensor) -> Scalar:
    """Levina-Bickel estimate from the 10 nearest neighbours, averaged as MacKay and Ghahramani do.

    1 / mean over samples and j = 1..9 of log(T_10 / T_j), T_j the distance to the j-th neighbour. Range
    above 0, a number of dimensions. Invariances and bias as for TwoNN. NaN below 11 different samples.
    DataError below 11 samples. Source: Levina and Bickel 2004; MacKay and Ghahramani 2005 (mean of the
    inverses).
    """
    return 1 / _log_ratios(rows.nearest(kept), NUM_NEIGHBOURS).mean()


@together()
def intrinsic_dimension_paper(rows: Rows, kept: Tensor) -> Scalar:
    """Published form: 1 / mean log(r2 / (r1 + 1e-9)), clipped to [0, D], over log N, of all samples.

    A sample that coincides with another counts with its r1 of 0. The published code draws 1,000 samples
    without a seed where there are more. Range 0 to D / log N, no unit. Invariances as for TwoNN, up to the
    1e-9; dividing by log N makes it no number of dimensions. NaN where all samples coincide. DataError below
    3 samples. Source: Zhao et al. 2026 (arXiv 2604.11838, as coded, though never run).
    """
    distances = rows.nearest(kept)
    if not distances.any():
        return torch.tensor(math.nan)
    estimate = 1 / (distances[:, 1] / (distances[:, 0] + 1e-9)).log().mean()
    return estimate.clamp(0, rows.width) / math.log(len(distances))


def _log_ratios(distances: Neighbours, last: int) -> Tensor:
    """log(T_last / T_j) for j = 1..last - 1."""
    return (distances[:, last - 1 : last] / distances[:, : last - 1]).log()
