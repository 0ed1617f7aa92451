"""How far two sets of representations are from being rotations of each other."""

import torch
from torch import Tensor

from src.metrics.catalog import check_samples
from src.metrics.shared.axes import Axes, axes
from src.metrics.shared.gram import ROUNDING
from src.metrics.shared.rows import Rows
from src.metrics.shared.shapes import OtherWidth, Pooled, Scalar, Statistic


def procrustes_distance(base: Pooled, tuned: OtherWidth) -> Scalar:
    """Least |X - YQ|_F over orthogonal Q = sqrt(2 - 2 |X^T Y|_*), the orthogonal Procrustes distance.

    X and Y are the column-centred sides over their Frobenius norms; |.|_* is the sum of singular values.
    Range 0 to sqrt(2), no unit. A metric on shapes: symmetric, with the triangle inequality. Invariant under
    rotation, shift and isotropic scaling of either side, and any common order of samples. Differences below
    about 5e-7 are rounding and count as 0. NaN where a side does not vary. DataError below 2 samples.
    Source: Schönemann 1966; Williams et al. 2021 (as a shape metric; Ding et al. 2021 use its square).
    """
    check_samples("procrustes_distance", len(base))
    kept = torch.arange(len(base))
    return _distance(Axes(base), Axes(tuned), kept)


def procrustes_distance_statistic(base: Rows, tuned: Rows) -> Statistic:
    """`procrustes_distance` as a function of the kept samples."""
    first, second = axes(base), axes(tuned)
    return lambda kept: _distance(first, second, kept).item()


def _distance(base: Axes, tuned: Axes, kept: Tensor) -> Scalar:
    """From centred coordinates [sample, value]; their bases change no singular value."""
    cross, first, second = (torch.zeros((), dtype=torch.float64) for _ in range(3))
    for one, other in zip(base.kept(kept), tuned.kept(kept), strict=True):
        cross = cross + one.T @ other
        first, second = first + one.square().sum(), second + other.square().sum()
    lengths = (first * second).sqrt()
    if lengths == 0:
        return lengths / 0.0
    left = 1 - torch.linalg.svdvals(cross).sum() / lengths
    return (2 * torch.where(left > ROUNDING, left, 0.0)).sqrt()
