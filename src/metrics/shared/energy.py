"""How few directions hold a share of the energy of rows, and what of other rows lies in them; float64."""

import torch
from torch import Tensor

from src.metrics.shared.shapes import Pooled, Scalar, Spectrum

SHARE = 0.95


def least_rank_of(squares: Spectrum, share: float = SHARE) -> Scalar:
    """Where the energy of the leading directions, as straight pieces over their number, reaches a share.

    The least whole number of directions is this rounded up. NaN where there is no energy.
    """
    squares = squares.sort(descending=True).values
    total = squares.cumsum(0)
    wanted = share * total[-1]
    place = min(int((total < wanted).sum()), len(total) - 1)
    before = total[place - 1] if place else torch.zeros_like(wanted)
    return place + (wanted - before) / squares[place]


def inside(first: Pooled, second: Pooled, share: float = SHARE) -> Scalar:
    """Share of the energy of `second` in the fewest directions that hold `share` of that of `first`.

    NaN where either has none.
    """
    x, y = first.double(), second.double()
    wide = len(x) < x.shape[1]  # the smaller Gram matrix is taken apart
    squares, vectors = torch.linalg.eigh(x @ x.T if wide else x.T @ x)
    count = least_rank_of(squares.clamp(min=0), share).ceil()
    if count.isnan():
        return count
    leading, squares = vectors[:, -int(count) :], squares[-int(count) :]
    basis = x.T @ leading / squares.sqrt() if wide else leading
    return (y @ basis).square().sum() / y.square().sum()


def centred(rows: Tensor) -> Tensor:
    """Rows minus their mean, float64."""
    rows = rows.double()
    return rows - rows.mean(dim=0)
