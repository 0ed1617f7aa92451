"""Whether training moved representations along the directions that pretraining uses most."""

import torch
from torch import Tensor

from src.metrics.catalog import check_samples
from src.metrics.shared.axes import Axes, Directions, axes, check_width
from src.metrics.shared.rows import Rows
from src.metrics.shared.shapes import Pooled, Scalar, Statistic
from src.metrics.shared.strips import chosen


def pretrained_directions_share(base: Pooled, tuned: Pooled) -> Scalar:
    """||(Y - X) V||_F^2 / ||Y - X||_F^2, V the 10 leading principal directions of the base X.

    V holds the 10 leading right singular vectors of the column-centred base rows; the change itself is not
    centred, a common shift of all samples counts. Range 0 to 1, no unit; a change in a random direction has
    10 / D. Invariant under a common rotation, a shift of both sides together, a common scaling and any
    common order of samples. NaN where nothing changed or the base spans fewer than 10 directions. DataError
    below 11 samples or 10 dimensions. Source: ours.
    """
    check_samples("pretrained_directions_share", len(base))
    check_width("pretrained_directions_share", base)
    kept = torch.arange(len(base))
    return _share(base, tuned, kept, Axes(base).leading(kept))


def pretrained_directions_share_statistic(base: Rows, tuned: Rows) -> Statistic:
    """`pretrained_directions_share` as a function of the kept samples."""
    check_width("pretrained_directions_share", base.pooled)
    first = axes(base)
    return lambda kept: _share(base.pooled, tuned.pooled, kept, first.leading(kept)).item()


def _share(base: Pooled, tuned: Pooled, kept: Tensor, directions: Directions) -> Scalar:
    along, whole = (torch.zeros((), dtype=torch.float64) for _ in range(2))
    for before, after in zip(chosen(base, kept), chosen(tuned, kept), strict=True):
        change = after - before
        along, whole = along + (change @ directions).square().sum(), whole + change.square().sum()
    return along / whole
