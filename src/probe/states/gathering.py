"""Reduction of hidden states to layer statistics, inside the forward pass."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from src.errors import DataError, ModelError
from src.metrics.catalog import METRICS, names_needing, resolve, switched
from src.probe.states.layer_statistics import POOLED, LayerStatistics
from src.probe.states.padding import Mask
from src.probe.states.pooling import masked_mean
from src.probe.states.token_sets import ALL, TokenSet, TokenSets
from src.probe.states.vectors import LayerVectors
from src.probe.table.parallel import parallel_map

_WAITING_BYTES = 2**24
"""Token states that wait to be measured together: after each block alone, caches would be cold every time."""


class Gathering:
    """Writes a pooled vector a row and layer, keeps a number a row, layer and token metric; no token state.

    Args:
        folder: an empty folder; the set of all tokens lies in it, each other one in a folder of its name.
        shape: layers, rows and width.
        num_token_samples: rows, from the first on, for which token metrics are computed.
        names: metrics that will be asked for.
        settings: switches of metrics.
        sets: which tokens are read.
    """

    def __init__(
        self,
        folder: Path,
        shape: tuple[int, int, int],
        num_token_samples: int,
        names: Sequence[str],
        settings: Mapping[str, Any],
        sets: TokenSets,
    ) -> None:
        self.functions = {
            name: switched(METRICS[name], resolve(METRICS[name].function), settings)
            for name in names_needing(names, "tokens")
        }
        self.num_measured = min(num_token_samples, shape[1]) if self.functions else 0
        self.folder, self.shape, self.sets = folder, shape, sets
        self.vectors: dict[str, LayerVectors] = {}
        self.tokens: dict[str, dict[str, Tensor]] = {}
        self._add(ALL, folder, sets.measured_all)
        self.num_seen = [0] * shape[0]
        self.num_rows = 0
        self.num_passes = 0
        self._waiting: list[tuple[str, int, int, Tensor]] = []
        self._alike: list[tuple[str, str, int, int]] = []
        self.mask: Mask = torch.zeros(0, 0, dtype=torch.bool)
        self.rows: list[int] = []

    def start(self, mask: Mask, rows: Tensor | None = None) -> None:
        """Announce the rows of the next forward pass; without numbers they are those that come next."""
        self.mask = mask
        first = self.num_rows
        self.rows = list(range(first, first + len(mask))) if rows is None else rows.tolist()

    def take(self, layer: int, states: Tensor) -> None:
        """Reduce the states of one layer [batch, token, width]; ModelError where they are not finite."""
        before: list[TokenSet] = []
        for one in self.sets.of(layer, states, self.mask.to(states.device), self.rows):
            self._reduce(layer, states, one, before)
            before.append(one)
        self.num_seen[layer] += 1
        if sum(real.nbytes for *_, real in self._waiting) >= _WAITING_BYTES:
            self._measure_waiting()

    def _reduce(self, layer: int, states: Tensor, one: TokenSet, before: Sequence[TokenSet]) -> None:
        pooled = masked_mean(states, one.mask).cpu()
        if one.name == ALL:
            self._check_finite(layer, pooled)
        if one.name not in self.vectors:
            self._add(one.name, self.folder / one.name, measured=True)
        rows = [self.rows[place] for place in one.places]
        self.vectors[one.name].write(layer, rows, pooled[one.places])
        if not self.tokens[one.name]:
            return
        for place, row in zip(one.places, rows, strict=True):
            if row >= self.num_measured:
                continue
            if (same := self._same(one, place, before)) is not None:
                self._alike.append((one.name, same, layer, row))
            else:
                self._waiting.append((one.name, layer, row, states[place, one.mask[place]]))

    def _same(self, one: TokenSet, place: int, before: Sequence[TokenSet]) -> str | None:
        """An earlier set with the same tokens of a row: mostly that without the first one, or that of all."""
        known = [other for other in before if self.tokens[other.name] and place in other.places]
        return next((other.name for other in known if torch.equal(one.mask[place], other.mask[place])), None)

    def _add(self, name: str, folder: Path, measured: bool) -> None:
        folder.mkdir(exist_ok=True)
        self.vectors[name] = LayerVectors.create(folder / POOLED, *self.shape)
        unknown = torch.full((self.shape[0], self.num_measured), math.nan, dtype=torch.float64)
        self.tokens[name] = {metric: unknown.clone() for metric in self.functions if measured}

    def _measure_waiting(self) -> None:
        waiting, self._waiting = self._waiting, []
        found = parallel_map(self._of_tokens, waiting)
        for (of, layer, row, _), values in zip(waiting, found, strict=True):
            for name, value in values.items():
                self.tokens[of][name][layer, row] = value
        alike, self._alike = self._alike, []
        for of, same, layer, row in alike:  # in the order of the sets, so that what is copied is there
            for name, found_there in self.tokens[same].items():
                self.tokens[of][name][layer, row] = found_there[layer, row]

    def _of_tokens(self, waiting: tuple[str, int, int, Tensor]) -> dict[str, float]:
        """Every token metric of the states [token, width] of one row."""
        of, _, _, real = waiting
        return {name: _measured(function, real, of) for name, function in self.functions.items()}

    def finish(self) -> None:
        """Count the rows of a forward pass that is over; ModelError where a layer did not come by once."""
        self._measure_waiting()
        self.num_passes += 1
        for layer, num_seen in enumerate(self.num_seen):
            if num_seen != self.num_passes:
                given = f"seen {num_seen} times in {self.num_passes} forward passes"
                raise ModelError(f"{_place(layer)}: {given}; needed: once in each")
        self.num_rows += len(self.mask)

    def statistics(self) -> LayerStatistics:
        """The statistics of all rows, those of the other sets beside them; written out."""
        found = {name: LayerStatistics(one, self.tokens[name]) for name, one in self.vectors.items()}
        whole = found.pop(ALL)
        whole.save_tokens(self.folder)
        for name, one in found.items():
            one.save_tokens(self.folder / name)
        return replace(whole, beside=found)

    def _check_finite(self, layer: int, pooled: Tensor) -> None:
        finite = pooled.isfinite().all(dim=1)
        if not finite.all():
            row = self.rows[int((~finite).nonzero()[0])]
            raise ModelError(
                f"{_place(layer)}: hidden states of probe row {row} hold inf or NaN; needed: finite states"
            )


def _measured(function: Callable[[Tensor], Tensor], real: Tensor, of: str) -> float:
    """A token metric; a row that is too short only for what was taken from it has none."""
    try:
        return function(real).item()
    except DataError:
        if of == ALL:
            raise
        return math.nan


def _place(layer: int) -> str:
    """A layer in words."""
    return f"layer {layer} ({f'output of block {layer - 1}' if layer else 'input of block 0'})"
