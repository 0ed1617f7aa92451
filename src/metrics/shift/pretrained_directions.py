"""Whether training moved representations along the directions that pretraining uses most."""

import torch
from torch import Tensor

from src.metrics.shared.axes import axes, check_width
from src.metrics.shared.rows import Rows
from src.metrics.shared.shapes import Scalar
from src.metrics.shared.strips import chosen
from src.metrics.shared.together import together


def _checked(base: Rows, tuned: Rows) -> tuple[Rows, Rows]:
    check_width("pretrained_directions_share", base.pooled)
    return base, tuned


@together(_checked)
def pretrained_directions_share(base: Rows, tuned: Rows, kept: Tensor) -> Scalar:
    """||(Y - X) V||_F^2 / ||Y - X||_F^2, V the 10 leading principal directions of the base X.

    V holds the 10 leading right singular vectors of the column-centred base rows; the change itself is not
    centred, a common shift of all samples counts. Range 0 to 1, no unit; a change in a random direction has
    10 / D. Invariant under a common rotation, a shift of both sides together, a common scaling and any
    common order of samples. NaN where nothing changed or the base spans fewer than 10 directions. DataError
    below 11 samples or 10 dimensions. Source: ours.
    """
    directions = axes(base).leading(kept)
    along, whole = (torch.zeros((), dtype=torch.float64) for _ in range(2))
    for before, after in zip(chosen(base.pooled, kept), chosen(tuned.pooled, kept), strict=True):
        change = after - before
        along, whole = along + (change @ directions).square().sum(), whole + change.square().sum()
    return along / whole
