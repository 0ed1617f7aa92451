"""Coordinates of the samples of one layer in few numbers, and their leading directions."""

from functools import cached_property
from typing import NamedTuple
from weakref import WeakKeyDictionary

import torch
from jaxtyping import Float
from torch import Tensor

from src.errors import DataError
from src.metrics.gram import ROUNDING
from src.metrics.leading_eigenvectors import leading_eigenvectors
from src.metrics.rows import Rows
from src.metrics.shapes import Pooled

NUM_DIRECTIONS = 10
LEAST_SAMPLES = NUM_DIRECTIONS + 1  # centring costs one direction

Directions = Float[Tensor, "dim direction"]


class Coordinates(NamedTuple):
    """Centred rows = values @ basis.T, with orthonormal basis; no more numbers a row than needed."""

    values: Tensor
    """[sample, min(N, D)]"""
    basis: Tensor | None
    """[dim, N]; None: the values are the centred rows themselves."""


class Axes:
    """What metrics of directions share of one layer's pooled vectors; each thing is computed once."""

    def __init__(self, pooled: Pooled) -> None:
        self.pooled = pooled
        self._leading: dict[bytes, Directions] = {}

    @cached_property
    def coordinates(self) -> Coordinates:
        """Of the rows minus their mean, float64."""
        rows = self.pooled.double()
        rows = rows - rows.mean(dim=0)
        if rows.shape[1] <= len(rows):
            return Coordinates(rows, None)
        basis, factor = torch.linalg.qr(rows.T)
        return Coordinates(factor.T.contiguous(), basis)

    def kept(self, kept: Tensor) -> Tensor:
        """Coordinates of the kept samples, centred among themselves; all zero if those are equal."""
        values = self.coordinates.values[kept]
        centred = values - values.mean(dim=0)
        varies = centred.square().sum() > ROUNDING * values.square().sum()
        return centred if varies else torch.zeros_like(centred)

    def leading(self, kept: Tensor) -> Directions:
        """The 10 leading principal directions of the kept samples, orthonormal columns.

        NaN where the samples span fewer directions.
        """
        key = kept.numpy().tobytes()
        if key not in self._leading:
            self._leading[key] = self._leading_directions(self.kept(kept))
        return self._leading[key]

    def _leading_directions(self, values: Tensor) -> Directions:
        variances, directions = leading_eigenvectors(values.T @ values, NUM_DIRECTIONS)
        if variances[0] <= values.shape[1] * torch.finfo(torch.float64).eps * variances[-1]:
            directions = torch.full_like(directions, torch.nan)
        basis = self.coordinates.basis
        return directions if basis is None else basis @ directions


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
