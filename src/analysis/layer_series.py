"""The table by layer of a run, cut into the series of its metrics and stages."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import numpy

_KEPT = 64  # layouts: runs of one design share theirs


class Series(NamedTuple):
    """A metric of one run by layer."""

    layer: numpy.ndarray
    depth: numpy.ndarray
    value: numpy.ndarray


class _Rows(NamedTuple):
    """Where a series stands in a table."""

    at: numpy.ndarray
    layer: numpy.ndarray
    depth: numpy.ndarray


def by_metric(table: Mapping[str, Any]) -> dict[tuple[str, str], Series]:
    """The table of a run by metric and stage, no embedding, in order of depth.

    `table`: its columns metric, stage, layer, depth and value, or a frame that has them.
    """
    value = numpy.asarray(table["value"], float)
    layout = (tuple(table[name]) for name in ("metric", "stage", "layer", "depth"))
    return {key: Series(rows.layer, rows.depth, value[rows.at]) for key, rows in _rows(*layout).items()}


@lru_cache(maxsize=_KEPT)
def _rows(
    metrics: tuple[str, ...], stages: tuple[str, ...], layers: tuple[int, ...], depths: tuple[float, ...]
) -> dict[tuple[str, str], _Rows]:
    layer, depth = numpy.array(layers), numpy.array(depths)
    behind = {key: at[layer[at] > 0] for key, at in places_of(metrics, stages).items()}
    in_order = {key: at[layer[at].argsort(kind="stable")] for key, at in behind.items() if len(at)}
    return {key: _Rows(at, layer[at], depth[at]) for key, at in in_order.items()}


@lru_cache(maxsize=_KEPT)
def places_of(metrics: tuple[str, ...], stages: tuple[str, ...]) -> dict[tuple[str, str], numpy.ndarray]:
    """The rows of every metric and stage of a table with these columns."""
    found: dict[tuple[str, str], list[int]] = {}
    for place, key in enumerate(zip(metrics, stages, strict=True)):  # faster than pandas' groupby
        found.setdefault(key, []).append(place)
    return {key: numpy.array(at) for key, at in found.items()}
