"""Runs as tidy tables: one of numbers (a row a run, metric and quantity), one of layers."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import pandas
from pandas import DataFrame

from src.metrics.catalog import METRICS
from src.report.arms import Arm
from src.report.depth.settings import settings_of
from src.report.runs import Run

QUANTITIES = ("slope", "relative_slope", "width", "centre", "spread")
DISTANCES = ("objective_cosine_distance", "objective_procrustes_distance")
ROUNDING = 1e-6
"""A distance below it is 0: that of an objective from itself comes out as up to 3e-8."""


class Gathered(NamedTuple):
    """Three tables with the columns of `SETTING`, run and seed."""

    numbers: DataFrame
    """metric, quantity, value."""
    layers: DataFrame
    """metric, layer, depth, and value, the change there."""
    distances: DataFrame
    """distance, value: of the tuning from the pretraining objective, the mean over blocks."""


def gather(arms: Sequence[Arm]) -> Gathered:
    """The numbers and the layers of every run that was trained and probed; missing numbers are left out.

    slope: of the change over relative depth, positive where change grows towards the output, so that of a
    similarity is turned round. relative_slope: slope over the profile's mean change: unlike the slope itself
    it stays the same when all layers change twice as much. width, centre, spread: as in run.json.
    """
    known, settings = settings_of(arms)
    every = _every_layer(known)
    layers = _changes(every)
    numbers = DataFrame(
        [row for name, run in known.items() for row in _numbers(name, run)],
        columns=["run", "metric", "quantity", "value"],
    )
    numbers = pandas.concat([numbers, _relative(numbers, layers)], ignore_index=True)
    tables = (numbers, layers, _distances(every))
    return Gathered(*(settings.merge(table, on="run") for table in tables))


def _numbers(name: str, run: Run) -> list[list[Any]]:
    """Slope and the quantities of where the change is, of each metric that is an amount of change."""
    return [
        [name, one["metric"], quantity, _sign(one["metric"], quantity) * one[quantity]]
        for one in run.record.get("profiles", [])
        if one["stage"] == "change" and _is_amount(one["metric"])
        for quantity in QUANTITIES
        if one.get(quantity) is not None
    ]


def _is_amount(metric: str) -> bool:
    """Kinds of weights within a block (metric/kind) are left to layers.csv."""
    return metric in METRICS and METRICS[metric].change != "none"


def _sign(metric: str, quantity: str) -> int:
    return -1 if quantity == "slope" and METRICS[metric].change == "similarity" else 1


def _every_layer(runs: dict[str, Run]) -> DataFrame:
    found = [run.layers.assign(run=name) for name, run in runs.items() if run.layers is not None]
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
    found = found.groupby(["run", "metric"], sort=False)["value"]
    means = found.agg(lambda values: values.mean(skipna=False)).rename("value").reset_index()
    return means.rename(columns={"metric": "distance"})


def _relative(numbers: DataFrame, layers: DataFrame) -> DataFrame:
    """relative_slope: missing where a layer's change is, or where nothing changed."""
    means = layers.groupby(["run", "metric"])["value"].agg(lambda values: values.mean(skipna=False))
    means = means[means > 0].rename("level").reset_index()
    slopes = numbers[numbers["quantity"] == "slope"].merge(means, on=["run", "metric"])
    slopes = slopes.assign(quantity="relative_slope", value=slopes["value"] / slopes["level"])
    return slopes[numbers.columns]
