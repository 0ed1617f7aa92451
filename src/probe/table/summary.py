"""A profile over depth in a few numbers."""

from collections.abc import Sequence
from itertools import combinations, groupby
from typing import Any

from scipy.stats import spearmanr

from src.method.band import band_blocks
from src.metrics.catalog import METRICS, Metric
from src.probe.table.depth_profile import change_location, linear_slope
from src.probe.table.layer_table import LayerRow
from src.statistics.complete import complete

MIDDLE, LAST = (0.2, 0.8), (0.8, 1.0)  # the parts of depth that the published study contrasts


def summarise(rows: Sequence[LayerRow]) -> list[dict[str, Any]]:
    """One summary a metric (or kind of it) and stage; a number that is not defined is None.

    slope: least squares of the value against relative depth, with its standard error (of the fit, not over
    samples). middle, last: means over the outputs of the blocks in 20-80 % and 80-100 % of depth.
    contrast: last - middle.

    Only of rows of the stage change, with the change at a layer = value, or 1 - value for a similarity:
    width, width_stderr, centre, spread: as `along_depth.where` tells; None also where the metric is not an
    amount of change.
    """
    return [
        {"metric": metric, "stage": stage} | _summary(list(one))
        for (metric, stage), one in groupby(rows, key=lambda row: (row.metric, row.stage))
    ]


def spearman_between(rows: Sequence[LayerRow]) -> list[dict[str, Any]]:
    """Rank correlation over layers between every two metrics of the stage change.

    Joined on the layer: the weights of block b with the layer that b puts out, b + 1 (the published code
    joined b with the input of block b). Metrics of weights come first in a pair. Kinds of weights within a
    block are left out. pvalue is two-sided and takes layers for independent, which neighbours are not. rho
    and pvalue are None below 3 common layers or where a metric is the same at all of them; n counts layers.
    """
    profiles: dict[str, dict[int, float]] = {}
    for row in rows:
        if row.stage == "change" and "/" not in row.metric:
            profile = profiles.setdefault(row.metric, {})
            profile |= {} if row.value is None else {row.layer: row.value}
    names = sorted(profiles, key=lambda name: METRICS[name].family != "optimization")
    return [
        {"first": one, "second": other} | _spearman(profiles[one], profiles[other])
        for one, other in combinations(names, 2)
    ]


def _spearman(one: dict[int, float], other: dict[int, float]) -> dict[str, float | int | None]:
    layers = sorted(one.keys() & other.keys())
    sides = [[profile[layer] for layer in layers] for profile in (one, other)]
    if len(layers) < 3 or any(len(set(side)) == 1 for side in sides):
        return {"rho": None, "pvalue": None, "n": len(layers)}
    found = spearmanr(*sides)
    return {"rho": float(found.statistic), "pvalue": float(found.pvalue), "n": len(layers)}


def _summary(rows: list[LayerRow]) -> dict[str, float | None]:
    num_blocks = max((round(row.layer / row.depth) for row in rows if row.depth), default=0)
    middle, last = _mean(rows, MIDDLE, num_blocks), _mean(rows, LAST, num_blocks)
    contrast = None if middle is None or last is None else last - middle
    known = [(row.depth, row.value) for row in rows if row.value is not None]
    slope, stderr = linear_slope([depth for depth, _ in known], [value for _, value in known])
    fitted = {"slope": slope, "slope_stderr": stderr, "middle": middle, "last": last, "contrast": contrast}
    return fitted | change_location([row.depth for row in rows], _amounts(rows))


def _amounts(rows: list[LayerRow]) -> list[float]:
    """The change at each layer; empty where the rows do not tell it at all of them."""
    metric: Metric = METRICS[rows[0].metric.split("/")[0]]
    values = complete(row.value for row in rows)
    if rows[0].stage != "change" or metric.change == "none" or values is None:
        return []
    return [1 - value if metric.change == "similarity" else value for value in values]


def _mean(rows: list[LayerRow], part: tuple[float, float], num_blocks: int) -> float | None:
    """Mean over the layers that the blocks of a part put out; None if one of them is missing."""
    layers = {block + 1 for block in band_blocks(*part, num_blocks)}
    values = complete(row.value for row in rows if row.layer in layers)
    return sum(values) / len(values) if values else None
