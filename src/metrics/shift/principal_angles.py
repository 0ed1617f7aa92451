"""How far the directions in which a layer's samples vary most have turned."""

import torch

from src.metrics.catalog import check_samples
from src.metrics.shared.axes import Axes, Directions, axes, check_width
from src.metrics.shared.rows import Rows
from src.metrics.shared.shapes import Pooled, Scalar, Statistic


def principal_angles(base: Pooled, tuned: Pooled) -> Scalar:
    """Mean of the principal angles between the leading 10-dimensional principal subspaces of both sides.

    The subspace of a side is spanned by the 10 leading right singular vectors of its column-centred rows.
    Range 0 to pi / 2, rad; two random subspaces of D >> 10 dimensions are near pi / 2. Invariant under a
    common rotation, under a shift and isotropic scaling of either side, and any order of samples of either.
    Ill-determined where the 10th and 11th direction hold equal variance, which its interval then shows. NaN
    where a side spans fewer than 10 directions. DataError below 11 samples or 10 dimensions. Source: Björck
    and Golub 1973.
    """
    check_samples("principal_angles", len(base))
    check_width("principal_angles", base)
    kept = torch.arange(len(base))
    return _mean_angle(Axes(base).leading(kept), Axes(tuned).leading(kept))


def principal_angles_statistic(base: Rows, tuned: Rows) -> Statistic:
    """`principal_angles` as a function of the kept samples."""
    check_width("principal_angles", base.pooled)
    first, second = axes(base), axes(tuned)
    return lambda kept: _mean_angle(first.leading(kept), second.leading(kept)).item()


def _mean_angle(base: Directions, tuned: Directions) -> Scalar:
    """Small angles from their sines, as an arc cosine near 1 keeps only half of the digits."""
    overlap = base.T @ tuned
    if overlap.isnan().any():
        return overlap.new_tensor(torch.nan)
    cosines = torch.linalg.svdvals(overlap).clamp(max=1.0)
    sines = torch.linalg.svdvals(tuned - base @ overlap).flip(0).clamp(max=1.0)
    return torch.where(cosines.square() > 0.5, sines.asin(), cosines.acos()).mean()
