"""A profile over depth in a few numbers."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from scipy.stats import linregress

from src.method.band import band_blocks
from src.probe.table import LayerRow

MIDDLE, LAST = (0.2, 0.8), (0.8, 1.0)  # the parts of depth that the published study contrasts


def summarise(rows: Sequence[LayerRow]) -> list[dict[str, Any]]:
    """One summary a metric and stage; a number that is not defined is None.

    slope: least squares of the value against relative depth, with its standard error (of the fit, not over
    samples). middle, last: means over the outputs of the blocks in 20-80 % and 80-100 % of depth.
    contrast: last - middle.
    """
    return [
        {"metric": metric, "stage": stage} | _summary(list(one))
        for (metric, stage), one in groupby(rows, key=lambda row: (row.metric, row.stage))
    ]


def _summary(rows: list[LayerRow]) -> dict[str, float | None]:
    num_blocks = max(row.layer for row in rows)
    middle, last = _mean(rows, MIDDLE, num_blocks), _mean(rows, LAST, num_blocks)
    contrast = None if middle is None or last is None else last - middle
    slope, stderr = _slope([row for row in rows if row.value is not None])
    return {"slope": slope, "slope_stderr": stderr, "middle": middle, "last": last, "contrast": contrast}


def _slope(rows: list[LayerRow]) -> tuple[float | None, float | None]:
    if len(rows) < 3:
        return None, None
    fit = linregress([row.depth for row in rows], [row.value for row in rows])
    return float(fit.slope), float(fit.stderr)


def _mean(rows: list[LayerRow], part: tuple[float, float], num_blocks: int) -> float | None:
    """Mean over the layers that the blocks of a part put out; None if one of them is missing."""
    layers = {block + 1 for block in band_blocks(*part, num_blocks)}
    values = [row.value for row in rows if row.layer in layers]
    return None if not values or None in values else sum(values) / len(values)
