"""The pooled vectors of one layer, with what several metrics share computed once."""

import math
from enum import StrEnum
from functools import cached_property, reduce
from operator import add

import numpy
import torch
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from torch import Tensor

from src.metrics.shared.gram import ROUNDING, double_centred, gram, kept_part, spectrum, unit_rows
from src.metrics.shared.inner_products import STRIP, InnerProducts, held
from src.metrics.shared.neighbours import Indices, Neighbours, nearest, nearest_kept
from src.metrics.shared.shapes import Gram, Pooled, Spectrum
from src.metrics.shared.standardised import standardised

NUM_NEIGHBOURS = 10
NUM_BLOCKS = 20  # that a jackknife cuts rows into; one at a time is left out


class Kind(StrEnum):
    """How the rows are prepared before their Gram matrix is taken apart."""

    RAW = "raw"
    CENTRED = "centred"
    UNIT = "unit"
    """Rows scaled to length 1, not centred."""
    CENTRED_UNIT = "centred_unit"
    """Centred, then scaled to length 1."""


class Rows:
    """Pooled vectors [sample, dim]; Gram matrices, spectra and neighbours are computed at most once."""

    def __init__(self, pooled: Pooled) -> None:
        self.pooled = pooled
        self._spectra: dict[tuple[Kind, bytes], Spectrum] = {}
        self._neighbours: dict[bytes, Neighbours] = {}

    def __len__(self) -> int:
        return len(self.pooled)

    @property
    def width(self) -> int:
        """Numbers in a row."""
        return self.pooled.shape[1]

    @cached_property
    def everything(self) -> Tensor:
        """The indices of all rows."""
        return torch.arange(len(self))

    @cached_property
    def gram(self) -> Gram:
        """Inner products, float64."""
        return gram(self.pooled)

    @cached_property
    def products(self) -> InnerProducts:
        """Inner products of the deviations from the mean, float64; by strips where there are many rows."""
        return InnerProducts(self.pooled)

    @cached_property
    def standardised(self) -> "Rows":
        """The same rows with every dimension scaled to variance 1."""
        return Rows(standardised(self.pooled))

    @cached_property
    def distinct(self) -> "Rows":
        """The rows that differ by more than rounding, the first of each that coincide; itself if all do."""
        distances, indices = self._neighbour_table
        if distances[:, 0].all():
            return self
        _, equal = torch.unique(self.pooled, dim=0, return_inverse=True)
        one, neighbour = (distances == 0).nonzero(as_tuple=True)
        ends = torch.stack(
            [torch.cat([self.everything, one]), torch.cat([len(self) + equal, indices[one, neighbour]])]
        )
        size = 2 * len(
            self
        )  # a row is tied to its group of equal rows, and to those that rounding sets apart
        ties = coo_array((torch.ones(ends.shape[1]), tuple(ends)), shape=(size, size))
        groups = connected_components(ties, directed=False)[1][: len(self)]
        return Rows(self.pooled[torch.from_numpy(numpy.unique(groups, return_index=True)[1]).sort().values])

    def spectrum(self, kind: Kind, kept: Tensor | None = None) -> Spectrum:
        """Squared singular values, ascending, of the kept rows; centred and scaled among themselves.

        There are min(kept rows, dim) of them; `kept` is all rows if not given.
        """
        kept = self.everything if kept is None else kept
        key = (kind, kept.numpy().tobytes())
        if key not in self._spectra:
            # Rows and columns have the same spectrum of inner products; the smaller matrix is cheaper.
            small = self._of_rows if len(kept) <= self.width else self._of_columns
            self._spectra[key] = spectrum(small(kind, kept))
        return self._spectra[key]

    def nearest(self, kept: Tensor | None = None) -> Neighbours:
        """Distances of every kept row to its nearest others, ascending: 10, or all where there are fewer."""
        kept = self.everything if kept is None else kept
        key = kept.numpy().tobytes()
        if key not in self._neighbours:
            count = min(NUM_NEIGHBOURS, len(kept) - 1)
            table, num_left_out = self._neighbour_table, len(self) - len(kept)
            if count + num_left_out <= table[0].shape[1]:
                self._neighbours[key] = nearest_kept(*table, kept, count)
            else:
                self._neighbours[key] = nearest(self.pooled[kept], count)[0]
        return self._neighbours[key]

    @cached_property
    def _neighbour_table(self) -> tuple[Neighbours, Indices]:
        """As many neighbours as it takes to have 10 when a block of the jackknife is left out."""
        return nearest(self.pooled, NUM_NEIGHBOURS + math.ceil(len(self) / NUM_BLOCKS))

    def _of_rows(self, kind: Kind, kept: Tensor) -> Gram:
        if kind in (Kind.RAW, Kind.UNIT):
            matrix = kept_part(self.gram, kept)
        else:
            matrix = double_centred(kept_part(held(self.products), kept))
        return unit_rows(matrix) if kind in (Kind.UNIT, Kind.CENTRED_UNIT) else matrix

    def _of_columns(self, kind: Kind, kept: Tensor) -> Gram:
        """Sum of outer products of the prepared rows, a strip of them at a time."""
        mean = torch.zeros(self.width, dtype=torch.float64)
        if kind in (Kind.CENTRED, Kind.CENTRED_UNIT):
            total = reduce(add, (self.pooled[some].double().sum(dim=0) for some in kept.split(STRIP)))
            mean = total / len(kept)
        squared = torch.cat([self._deviations(some, mean).square().sum(dim=1) for some in kept.split(STRIP)])
        lengths = torch.ones(len(kept), dtype=torch.float64)
        if kind in (Kind.UNIT, Kind.CENTRED_UNIT):
            lengths = torch.where(squared > ROUNDING * squared.max(), squared, torch.inf).sqrt()
        matrix = torch.zeros(self.width, self.width, dtype=torch.float64)
        if squared.sum() <= ROUNDING * self._squared_deviations(kept):
            return matrix  # what centring leaves of equal rows
        for some, length in zip(kept.split(STRIP), lengths.split(STRIP), strict=True):
            rows = self._deviations(some, mean) / length[:, None]
            matrix.addmm_(rows.T, rows)
        return matrix

    def _deviations(self, some: Tensor, mean: Tensor) -> Tensor:
        return self.pooled[some].double() - mean

    def _squared_deviations(self, kept: Tensor) -> Tensor:
        """Squared lengths of some rows, summed, without the mean of all rows."""
        return self.products.diagonal()[kept].sum()
