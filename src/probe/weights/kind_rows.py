"""Rows of the layer table for a block and for each kind of tensor in it."""

import math
from collections.abc import Mapping, Sequence

from src.metrics.uncertainty.interval import NO_INTERVAL, Interval
from src.probe.table.layer_table import LayerRow, measured_row
from src.probe.weights.tensor_kinds import KINDS

BLOCK = ""  # the key of the whole block


Measured = tuple[float, Interval, int | None]
"""Value, interval and n; NaN where a number is not defined."""
UNKNOWN: Measured = (math.nan, NO_INTERVAL, None)


def kind_rows(metric: str, stage: str, measured: Sequence[Mapping[str, Measured]]) -> list[LayerRow]:
    """Rows `metric` (blocks), then `metric/kind` for each kind that any block has; layer b + 1 is block b.

    Args:
        metric: name in the catalog.
        stage: base, tuned or change.
        measured: for each block, kind (or BLOCK) to its numbers; missing where the block has no such tensor.
    """
    rows = []
    for kind in (BLOCK, *KINDS):
        if any(kind in block for block in measured):
            name = f"{metric}/{kind}" if kind else metric
            for layer, block in enumerate(measured, 1):
                value, interval, n = block.get(kind, UNKNOWN)
                rows.append(measured_row(stage, layer, len(measured), name, value, interval, n))
    return rows
