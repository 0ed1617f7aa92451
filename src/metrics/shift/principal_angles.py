"""How far the directions in which a layer's samples vary most have turned."""

import torch
from torch import Tensor

from src.metrics.shared.axes import Axes, axes, check_width
from src.metrics.shared.rows import Rows
from src.metrics.shared.shapes import Scalar
from src.metrics.shared.together import together


def _axes(base: Rows, tuned: Rows) -> tuple[Axes, Axes]:
    check_width("principal_angles", base.pooled)
    return axes(base), axes(tuned)


@together(_axes)
def principal_angles(base: Axes, tuned: Axes, kept: Tensor) -> Scalar:
    """Mean of the principal angles between the leading 10-dimensional principal subspaces of both sides.

    The subspace of a side is spanned by the 10 leading right singular vectors of its column-centred rows.
    Range 0 to pi / 2, rad; two random subspaces of D >> 10 dimensions are near pi / 2. Invariant under a
    common rotation, under a shift and isotropic scaling of either side, and any order of samples of either.
    Ill-determined where the 10th and 11th direction hold equal variance, which its interval then shows. NaN
    where a side spans fewer than 10 directions. DataError below 11 samples or 10 dimensions. Source: Björck
    and Golub 1973.
    """
    first, second = base.leading(kept), tuned.leading(kept)
    overlap = first.T @ second
    if overlap.isnan().any():
        return overlap.new_tensor(torch.nan)
    cosines = torch.linalg.svdvals(overlap).clamp(max=1.0)
    sines = torch.linalg.svdvals(second - first @ overlap).flip(0).clamp(max=1.0)
    # small angles from their sines, as an arc cosine near 1 keeps only half of the digits
    return torch.where(cosines.square() > 0.5, sines.asin(), cosines.acos()).mean()
