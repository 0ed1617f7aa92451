"""Runs as tidy tables: one of numbers (a row a run, metric and quantity), one of layers."""

from collections.abc import Sequence
from typing import Any

import pandas
from pandas import DataFrame

from src.metrics.catalog import METRICS
from src.report.depth.settings import settings_of
from src.report.runs import Run

QUANTITIES = ("slope", "relative_slope", "width", "centre", "spread")


def gather(runs: Sequence[Run]) -> tuple[DataFrame, DataFrame]:
    """The numbers and the layers of every finished run that was trained and probed.

    Numbers: the columns of `SETTING`, run, seed, metric, quantity, value; missing numbers are left out.
    slope: of the change over relative depth, positive where change grows towards the output, so that of a
    similarity is turned round. relative_slope: slope over the profile's mean change: unlike the slope itself
    it stays the same when all layers change twice as much. width, centre, spread: as in run.json.
    Layers: the same columns but quantity, with layer, depth and value, the change there.

    Raises:
        UserError: two runs have one setting and seed, so that they differ in something not compared here.
    """
    known, settings = settings_of(runs)
    layers = _layers(known)
    numbers = DataFrame(
        [row for name, run in known.items() for row in _numbers(name, run)],
        columns=["run", "metric", "quantity", "value"],
    )
    numbers = pandas.concat([numbers, _relative(numbers, layers)], ignore_index=True)
    return settings.merge(numbers, on="run"), settings.merge(layers, on="run")


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


def _layers(runs: dict[str, Run]) -> DataFrame:
    found = [run.layers.assign(run=name) for name, run in runs.items() if run.layers is not None]
    columns = ["run", "metric", "layer", "depth", "value"]
    if not found:
        return DataFrame(columns=columns)
    every = pandas.concat(found, ignore_index=True)
    every = every[(every["stage"] == "change") & every["metric"].map(_is_amount)][columns]
    similar = every["metric"].map(lambda name: METRICS[name].change == "similarity")
    return every.assign(value=every["value"].where(~similar, 1 - every["value"]))


def _relative(numbers: DataFrame, layers: DataFrame) -> DataFrame:
    """relative_slope: missing where a layer's change is, or where nothing changed."""
    means = layers.groupby(["run", "metric"])["value"].agg(lambda values: values.mean(skipna=False))
    means = means[means > 0].rename("level").reset_index()
    slopes = numbers[numbers["quantity"] == "slope"].merge(means, on=["run", "metric"])
    slopes = slopes.assign(quantity="relative_slope", value=slopes["value"] / slopes["level"])
    return slopes[numbers.columns]
