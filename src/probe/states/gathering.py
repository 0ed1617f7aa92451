"""Reduction of hidden states to layer statistics, inside the forward pass."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from src.errors import ModelError
from src.metrics.catalog import METRICS, names_needing, switched
from src.probe.states.layer_statistics import LayerStatistics
from src.probe.states.padding import Mask
from src.probe.states.pooling import masked_mean
from src.probe.states.vectors import LayerVectors
from src.probe.table.parallel import parallel_map

_WAITING_BYTES = 2**24
"""Token states that wait to be measured together: after each block alone, caches would be cold every time."""


class Gathering:
    """Writes a pooled vector a row and layer, keeps a number a row, layer and token metric; no token state.

    Args:
        vectors: file for the pooled vectors of all layers and rows.
        num_token_samples: rows, from the first on, for which token metrics are computed.
        names: metrics that will be asked for.
        settings: switches of metrics.
    """

    def __init__(
        self, vectors: LayerVectors, num_token_samples: int, names: Sequence[str], settings: Mapping[str, Any]
    ) -> None:
        self.functions = {
            name: switched(METRICS[name], METRICS[name].function, settings)
            for name in names_needing(names, "tokens")
        }
        self.num_token_samples = num_token_samples
        self.vectors = vectors
        self.num_seen = [0] * len(vectors)
        num_measured = min(num_token_samples, vectors.shape[1])
        self.tokens = {
            name: torch.full((len(vectors), num_measured), math.nan, dtype=torch.float64)
            for name in self.functions
        }
        self.num_rows = 0
        self.num_passes = 0
        self._waiting: list[tuple[int, int, Tensor]] = []
        self.mask: Mask = torch.zeros(0, 0, dtype=torch.bool)
        self.rows: list[int] = []

    def start(self, mask: Mask, rows: Tensor | None = None) -> None:
        """Announce the rows of the next forward pass; without numbers they are those that come next."""
        self.mask = mask
        first = self.num_rows
        self.rows = list(range(first, first + len(mask))) if rows is None else rows.tolist()

    def take(self, layer: int, states: Tensor) -> None:
        """Reduce the states of one layer [batch, token, width]; ModelError where they are not finite."""
        pooled = masked_mean(states, self.mask.to(states.device)).cpu()
        self._check_finite(layer, pooled)
        self.vectors.write(layer, self.rows, pooled)
        self.num_seen[layer] += 1
        mask = self.mask.to(states.device)
        num_measured = self.num_token_samples if self.functions else 0
        self._waiting += [
            (layer, row, states[place, mask[place]])
            for place, row in enumerate(self.rows)
            if row < num_measured
        ]
        if sum(real.nbytes for *_, real in self._waiting) >= _WAITING_BYTES:
            self._measure_waiting()

    def _measure_waiting(self) -> None:
        waiting, self._waiting = self._waiting, []
        found = parallel_map(self._of_tokens, [real for *_, real in waiting])
        for (layer, row, _), values in zip(waiting, found, strict=True):
            for name, value in values.items():
                self.tokens[name][layer, row] = value

    def _of_tokens(self, real: Tensor) -> dict[str, float]:
        """Every token metric of the states [token, width] of one row."""
        return {name: function(real).item() for name, function in self.functions.items()}

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
        """The statistics of all rows."""
        return LayerStatistics(self.vectors, self.tokens)

    def _check_finite(self, layer: int, pooled: Tensor) -> None:
        finite = pooled.isfinite().all(dim=1)
        if not finite.all():
            row = self.rows[int((~finite).nonzero()[0])]
            raise ModelError(
                f"{_place(layer)}: hidden states of probe row {row} hold inf or NaN; needed: finite states"
            )


def _place(layer: int) -> str:
    """A layer in words."""
    return f"layer {layer} ({f'output of block {layer - 1}' if layer else 'input of block 0'})"
