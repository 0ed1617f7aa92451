"""Factors for updates so small that their size changes when they are rounded into their weights.

A weight of 1 that shall move by 1e-6 moves by 8 units of its last place or by 9, and after Adam's first step,
where all weights move alike, thousands of them go the same way at once: blocks miss their size by up to 1e-2
of it. So the rounded updates are measured before they are written. The tensors of a group are corrected
together first, then one after the other, the largest first: each takes up what is missing by then.
"""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from src.control.movement import PerGroup

_TOGETHER, _SWEEPS = 2, 2
_MOST = 0.02  # by which a factor is changed at once: what a small tensor cannot take up is left to others
CLOSE = 2e-6
"""Share of a norm by which it may be off."""


def corrected(
    factors: Tensor,
    wanted: PerGroup,
    group_of: Tensor,
    moved: Tensor,
    squares_at: Callable[[Tensor, Tensor], Tensor],
) -> tuple[Tensor, Tensor]:
    """Factors near those given, with which the groups' updates come nearer to their norms.

    Args:
        factors: of the update of each tensor.
        wanted: norm of the update of each group.
        group_of: the group of each tensor.
        moved: groups that have an update.
        squares_at: squared norms of the rounded updates at given factors, of the tensors of a mask; 0
            elsewhere. It changes nothing.

    Returns:
        The factors, and the squared norms at them; float64 [tensor].
    """

    def summed(values: Tensor) -> PerGroup:
        return torch.zeros_like(wanted).index_add(0, group_of, values)

    squares = squares_at(factors, torch.ones_like(group_of, dtype=torch.bool))
    for turn in _turns(squares, group_of):
        missing = wanted.square() - summed(squares)
        open_ = moved & (missing.abs() > 2 * CLOSE * wanted.square())
        if not open_.any():
            break
        mine = turn & open_[group_of]
        change = (1 + missing / summed(squares * mine)).clamp(min=0).sqrt()
        tried = factors * change.nan_to_num(1.0).clamp(1 - _MOST, 1 + _MOST)[group_of]
        found = torch.where(mine, squares_at(tried, mine), squares)
        nearer = (wanted.square() - summed(found)).abs() < missing.abs()
        factors = torch.where(mine & nearer[group_of], tried, factors)
        squares = torch.where(nearer[group_of], found, squares)
    return factors, squares


def _turns(squares: Tensor, group_of: Tensor) -> Iterator[Tensor]:
    """Which tensors are corrected: all, a few times; then one a group, from the largest update on."""
    for _ in range(_TOGETHER):
        yield torch.ones_like(group_of, dtype=torch.bool)
    order = squares.argsort(descending=True, stable=True)
    place = torch.zeros_like(group_of)
    for group in group_of.unique().tolist():
        mine = order[group_of[order] == group]
        place[mine] = torch.arange(len(mine))
    for turn in [*range(int(place.max()) + 1)] * _SWEEPS:
        yield place == turn
