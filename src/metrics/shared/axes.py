"""Coordinates of the samples of one layer in few numbers, and their leading directions."""

from collections.abc import Iterator
from functools import cached_property, reduce
from operator import add
from typing import NamedTuple
from weakref import WeakKeyDictionary

import torch
from jaxtyping import Float
from torch import Tensor

from src.errors import DataError
from src.metrics.shared.gram import ROUNDING
from src.metrics.shared.leading_eigenvectors import leading_eigenvectors
from src.metrics.shared.rows import Rows
from src.metrics.shared.shapes import Pooled
from src.metrics.shared.strips import chosen, mean_row

NUM_DIRECTIONS = 10

Directions = Float[Tensor, "dim direction"]


class Coordinates(NamedTuple):
    """Centred rows = values @ basis.T, with orthonormal basis, for fewer rows than dimensions."""

    values: Tensor
    """[sample, sample]"""
    basis: Tensor
    """[dim, sample]"""


class Axes:
    """What metrics of directions share of one layer's pooled vectors; each thing is computed once."""

    def __init__(self, pooled: Pooled) -> None:
        self.pooled = pooled
        self._leading: dict[bytes, Directions] = {}

    @cached_property
    def mean(self) -> Tensor:
        """Of all rows, float64."""
        return mean_row(self.pooled)

    @cached_property
    def coordinates(self) -> Coordinates | None:
        """Of the rows minus their mean, float64; None for many rows, whose own numbers are as few."""
        if self.pooled.shape[1] <= len(self.pooled):
            return None
        basis, factor = torch.linalg.qr((self.pooled.double() - self.mean).T)
        return Coordinates(factor.T.contiguous(), basis)

    def kept(self, kept: Tensor) -> Iterator[Tensor]:
        """Coordinates of the kept samples, centred among themselves, a strip of them at a time.

        All zero if those are equal.
        """
        total, squares = torch.zeros((), dtype=torch.float64), torch.zeros((), dtype=torch.float64)
        for strip in self._strips(kept):
            total, squares = total + strip.sum(dim=0), squares + strip.square().sum()
        mean = total / len(kept)
        varies = squares - len(kept) * mean.square().sum() > ROUNDING * squares
        return ((strip - mean) * varies for strip in self._strips(kept))

    def _strips(self, kept: Tensor) -> Iterator[Tensor]:
        """Coordinates of the kept samples around the mean of all."""
        if self.coordinates is not None:
            return chosen(self.coordinates.values, kept)
        return (strip - self.mean for strip in chosen(self.pooled, kept))

    def leading(self, kept: Tensor) -> Directions:
        """The 10 leading principal directions of the kept samples, orthonormal columns.

        NaN where the samples span fewer directions.
        """
        key = kept.numpy().tobytes()
        if key not in self._leading:
            self._leading[key] = self._leading_directions(kept)
        return self._leading[key]

    def _leading_directions(self, kept: Tensor) -> Directions:
        scatter = reduce(add, (strip.T @ strip for strip in self.kept(kept)))
        variances, directions = leading_eigenvectors(scatter, NUM_DIRECTIONS)
        if variances[0] <= len(scatter) * torch.finfo(torch.float64).eps * variances[-1]:
            directions = torch.full_like(directions, torch.nan)
        return directions if self.coordinates is None else self.coordinates.basis @ directions


def axes(rows: Rows) -> Axes:
    """The axes of a layer's rows, the same object each time."""
    if rows not in _AXES:
        _AXES[rows] = Axes(rows.pooled)
    return _AXES[rows]


_AXES: WeakKeyDictionary[Rows, Axes] = WeakKeyDictionary()


def check_width(name: str, pooled: Pooled) -> None:
    """Refuse vectors that have no 10 directions (DataError)."""
    width = pooled.shape[1]
    if width < NUM_DIRECTIONS:
        raise DataError(
            f"metric {name}: given vectors of {width} numbers; needed: at least {NUM_DIRECTIONS} (model)"
        )
