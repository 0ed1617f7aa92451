"""Profiles by layer beside a random push: as they are, as the push has them, and what is beyond it.

Every run is held against the push of its own rows, method, blocks and seed, as `depth.null` pairs them. What
is told here holds for any band; over models and controls it is told by `depth.depth_study`.
"""

from dataclasses import dataclass
from typing import Any

import pandas
from pandas import DataFrame

from src.analysis.depth.gather import gather
from src.analysis.depth.null import ABSOLUTE, AS_IT_IS, RELATIVE, readings
from src.analysis.depth.seed_means import over_seeds
from src.analysis.experiment import Experiment
from src.analysis.families import Row
from src.analysis.material import Material
from src.analysis.records import records
from src.analysis.runs import ALL


@dataclass(frozen=True)
class BeyondPush:
    """Two tables in all readings (as it is, of each null, and the excess), of the runs that have a push."""

    layers: DataFrame
    """A row an arm, reading, metric and layer: `place` of the arm in the experiment, depth, the change over
    the run's mean change behind the blocks, the mean over seeds with its interval, num_seeds. So a push of
    another size than the training is held against its shape."""
    slopes: DataFrame
    """The same of relative and absolute slopes, by `quantity`."""

    def rows(self, study: Experiment, table: DataFrame) -> list[Row]:
        """The rows of a table, the arm by its band and condition."""
        return [
            {"band": arm.band, "condition": study.condition(arm)} | row
            for row in records(table)
            for arm in [study.arms[row.pop("place")]]
        ]


def beyond_push(material: Material) -> BeyondPush:
    """Every arm of an experiment that has random pushes beside it; empty tables where none has."""
    return _beyond_push(material.study, None)


def beyond_push_of_all_tokens(material: Material) -> BeyondPush:
    """The same with all tokens, where the runs show a reading that leaves some out; else empty."""
    runs = [run for arm in (*material.study.arms, *material.study.nulls) for run in arm.runs.values()]
    if not all(run.reading != ALL and ALL in run.readings for run in runs):
        return BeyondPush(DataFrame(), DataFrame())
    return _beyond_push(material.study, ALL)


def _beyond_push(study: Experiment, reading: str | None) -> BeyondPush:
    if not study.nulls:
        return BeyondPush(DataFrame(), DataFrame())
    trained, pushes = gather(study.arms, reading), gather(study.nulls, reading)
    place = {run.name: at for at, arm in enumerate(study.arms) for run in arm.runs.values()}
    sides = [_over_its_mean(one.layers).assign(quantity=one.layers["layer"]) for one in (trained, pushes)]
    layers = _over_seeds(readings(*sides), place, ["metric", "quantity", "depth"])
    slopes = [one.numbers[one.numbers["quantity"].isin((RELATIVE, ABSOLUTE))] for one in (trained, pushes)]
    return BeyondPush(layers, _over_seeds(readings(*slopes), place, ["metric", "quantity"]))


def _over_its_mean(layers: DataFrame) -> DataFrame:
    """Each profile over its mean behind the embedding; missing where that is not above 0."""
    behind = layers["value"].where(layers["layer"] > 0)
    level = behind.groupby([layers["run"], layers["metric"]]).transform("mean")
    return layers.assign(value=layers["value"] / level.where(level > 0))


def _over_seeds(found: dict[str, DataFrame], place: dict[str, int], by: list[str]) -> DataFrame:
    """Of the runs that have a null alone, so that all readings are of the same runs and seeds."""
    beside = [set(table["run"]) for name, table in found.items() if name != AS_IT_IS]
    known: set[Any] = set.union(*beside) if beside else set()
    tables = [
        over_seeds(table.assign(place=table["run"].map(place)), ["place", *by]).assign(reading=name)
        for name, whole in found.items()
        if len(table := whole[whole["run"].isin(known)])
    ]
    return pandas.concat(tables, ignore_index=True).drop(columns="sd") if tables else DataFrame()
