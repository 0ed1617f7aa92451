"""Runs as tidy tables: one of numbers (a row a run, metric and quantity), one of layers."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy
import pandas
from pandas import DataFrame

from src.analysis.arms import Arm
from src.analysis.depth.null import ABSOLUTE, INNER, RELATIVE
from src.analysis.depth.settings import settings_of
from src.analysis.runs import Run
from src.metrics.catalog import METRICS
from src.probe.table.depth_profile import change_location, linear_slope

QUANTITIES = ("slope", "width", "centre", "spread")
DISTANCES = ("objective_cosine_distance", "objective_procrustes_distance")
ROUNDING = 1e-6
"""A distance below it is 0: that of an objective from itself comes out as up to 3e-8. So is a slope that is
a smaller part of the mean change: that of an equal push in the weights."""


class Gathered(NamedTuple):
    """Three tables with the columns of `SETTING`, run and seed."""

    numbers: DataFrame
    """metric, quantity, value, and stderr, the run's own error: over its layers, not over seeds."""
    layers: DataFrame
    """metric, layer, depth, and value, the change there."""
    distances: DataFrame
    """distance, value: of the tuning from the pretraining objective, the mean over blocks."""


def gather(arms: Sequence[Arm], reading: str | None = None) -> Gathered:
    """The numbers and the layers of every run that was trained and probed; missing numbers are left out.

    slope: of the change over relative depth, positive where change grows towards the output, so that of a
    similarity is turned round. relative_slope: slope over the profile's mean change behind the blocks (layers
    1 to L): unlike the slope itself it stays the same when all layers change twice as much.
    relative_slope_inner: the same of the layers 1 to L - 1 alone. width, centre, spread: as `change_location`
    tells. Made from layers.csv, so that runs of any age are measured alike; a run without it tells what its
    run.json holds. `reading`: of the states, in place of the one that each run shows.
    """
    known, settings = settings_of(arms)
    every = _every_layer(known, reading)
    layers = _changes(every)
    depth, value = (layers[name].to_numpy(dtype=float) for name in ("depth", "value"))
    grouped = layers.groupby(["run", "metric"], sort=False)
    profiles: dict[Any, Any] = grouped.indices  # frames of their own would cost more
    measured = [row for key, at in profiles.items() for row in _measured(key, depth[at], value[at])]
    told = [row for name, run in known.items() if run.layers is None for row in _told(name, run)]
    numbers = DataFrame(measured + told, columns=["run", "metric", "quantity", "value", "stderr"])
    numbers = numbers.astype({"value": float, "stderr": float}).dropna(subset=["value"])
    tables = (numbers, layers, _distances(every))
    return Gathered(*(settings.merge(table, on="run") for table in tables))


def _measured(key: tuple[str, str], depth: numpy.ndarray, value: numpy.ndarray) -> list[list[Any]]:
    """All quantities of one profile of change."""
    known, inner = ~numpy.isnan(value), (depth > 0) & (depth < 1)
    slope, stderr = linear_slope(depth[known], value[known])
    slope = None if slope is None else _flat(slope, float(value[known & (depth > 0)].mean()))
    place = change_location(depth, value)
    return [
        [*key, ABSOLUTE, slope, stderr],
        [*key, RELATIVE, *_relative(depth, value, depth > 0)],
        [*key, INNER, *_relative(depth[inner], value[inner], depth[inner] > 0)],
        [*key, "width", place["width"], place["width_stderr"]],
        *([*key, quantity, place[quantity], None] for quantity in ("centre", "spread")),
    ]


def _relative(
    depth: numpy.ndarray, value: numpy.ndarray, behind: numpy.ndarray
) -> tuple[float | None, float | None]:
    """Slope and its error over the mean change behind the blocks; None where a layer is missing."""
    slope, stderr = linear_slope(depth, value)
    level = value[behind].mean() if behind.any() else math.nan
    if slope is None or stderr is None or not level > 0:
        return None, None
    return _flat(slope, level) / level, stderr / level


def _flat(slope: float, level: float) -> float:
    """0 where a slope is no more than rounding beside the mean change."""
    return 0.0 if abs(slope) < ROUNDING * level else slope


def _told(name: str, run: Run) -> list[list[Any]]:
    """The same from run.json, but for relative_slope.

    A width without its error is left out: older records count it in whole layers.
    """
    return [
        [name, one["metric"], quantity, _sign(one["metric"], quantity) * one[quantity], one.get(error)]
        for one in run.record.get("profiles", [])
        if one["stage"] == "change" and _is_amount(one["metric"])
        for quantity, error in ((quantity, f"{quantity}_stderr") for quantity in QUANTITIES)
        if one.get(quantity) is not None and (quantity != "width" or error in one)
    ]


def _sign(metric: str, quantity: str) -> int:
    return -1 if quantity == "slope" and METRICS[metric].change == "similarity" else 1


def _is_amount(metric: str) -> bool:
    """Kinds of weights within a block (metric/kind) are left to layers.csv."""
    return metric in METRICS and METRICS[metric].change != "none"


def _every_layer(runs: dict[str, Run], reading: str | None) -> DataFrame:
    tables = {name: run.layers_of(reading) if reading else run.layers for name, run in runs.items()}
    found = [layers.assign(run=name) for name, layers in tables.items() if layers is not None]
    columns = ["run", "stage", "metric", "layer", "depth", "value"]
    return pandas.concat(found, ignore_index=True)[columns] if found else DataFrame(columns=columns)


def _changes(every: DataFrame) -> DataFrame:
    """The change at each layer: the value, or 1 - value of a similarity."""
    amounts = {name for name in every["metric"].unique() if _is_amount(name)}
    found = every[(every["stage"] == "change") & every["metric"].isin(amounts)].drop(columns="stage")
    similar = found["metric"].isin([name for name in amounts if METRICS[name].change == "similarity"])
    return found.assign(value=found["value"].where(~similar, 1 - found["value"]))


def _distances(every: DataFrame) -> DataFrame:
    """Means over blocks; what is rounding is exactly 0, so that cells without any distance tie in rank."""
    found = every[every["metric"].isin(DISTANCES)]
    found = found.assign(value=found["value"].mask(found["value"].abs() < ROUNDING, 0.0))
    grouped = found.groupby(["run", "metric"], sort=False)["value"]
    means = grouped.agg(_mean_of_all).rename("value").reset_index()
    return means.rename(columns={"metric": "distance"})


def _mean_of_all(values: pandas.Series) -> float:
    return float(values.mean(skipna=False))
