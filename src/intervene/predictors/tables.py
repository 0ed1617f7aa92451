"""The tables of many models, and what they are made of: gains item by item, and what each model says."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy
import pandas
from numpy import ndarray

from src.intervene.causal.predictors import Prediction
from src.intervene.predictors.over_models import Agreement, Placed, Witness, agreements, placed
from src.statistics.two_way_model import crossed
from src.storage.csv_file import write_csv

GAINS = "gains.csv"
"""What every item of every run gained: models.csv is made of it."""
WITNESSES, PLACES = "witnesses.csv", "places.csv"
"""What each model with a gain says: predictors.csv and summary.csv are made of them."""
_GAINS = ("control", "model", "run", "num_blocks", "additivity", "item", "gain")
_WITNESSES = ("control", "model", "num_blocks", *Prediction._fields)
_PLACES = ("control", "model", "num_blocks", "name", "value")


class RunGain(NamedTuple):
    """One run."""

    run: str
    gain: ndarray
    """[item], nats a token"""
    additivity: float


class ModelGain(NamedTuple):
    """One model under one control, as models.csv has it."""

    control: str
    model: str
    num_runs: int
    num_blocks: int
    gain: float
    """nats a token"""
    gain_low: float
    gain_high: float
    additivity: float
    """Mean over its runs."""
    used: bool
    """Whether the gain's interval leaves 0 out: else nothing is said of its parts."""


class ModelRuns(NamedTuple):
    """The runs of one model under one control, and what they say where they have a gain."""

    control: str
    model: str
    num_blocks: int
    runs: Sequence[RunGain]
    witness: Witness | None = None

    @property
    def told(self) -> ModelGain:
        """Over runs and items."""
        found = crossed(numpy.stack([one.gain for one in self.runs]))
        low, high = found.interval()
        additivity = sum(one.additivity for one in self.runs) / len(self.runs)
        line = (self.control, self.model, len(self.runs), self.num_blocks)
        return ModelGain(*line, found.value, low, high, additivity, low > 0 or high < 0)


def write_models(out: Path, models: Sequence[ModelRuns]) -> dict[str, list[Agreement]]:
    """models.csv, predictors.csv and summary.csv, and beside them what they are made of.

    Returns:
        What is told over models, by control.
    """
    write_csv(out / GAINS, _GAINS, _gain_rows(models))
    told = [(one.control, one.model, one.num_blocks, one.witness) for one in models if one.witness]
    lines = [(*key, *line) for *key, witness in told for line in witness.predictions]
    write_csv(out / WITNESSES, _WITNESSES, lines)
    write_csv(out / PLACES, _PLACES, [(*key, *line) for *key, one in told for line in one.summaries.items()])
    return _write_over(out, models)


def rebuild_models(folder: Path, out: Path) -> None:
    """The same from what `folder` holds of it, without any run."""
    gains, witnesses, places = (_read(folder / name) for name in (GAINS, WITNESSES, PLACES))
    models = []
    for (control, model, num_blocks), mine in _by(gains, ["control", "model", "num_blocks"]):
        runs = [
            RunGain(str(name), numpy.asarray(one["gain"]), float(one["additivity"].iloc[0]))
            for name, one in mine.groupby("run", sort=False)
        ]
        seen = witnesses[(witnesses["control"] == control) & (witnesses["model"] == model)]
        where = places[(places["control"] == control) & (places["model"] == model)]
        told = [Prediction(*line) for line in seen[list(Prediction._fields)].itertuples(index=False)]
        summaries = dict(zip(where["name"], where["value"], strict=True))
        witness = Witness(model, num_blocks, told, summaries) if told else None
        models.append(ModelRuns(control, model, num_blocks, runs, witness))
    write_models(out, models)


def is_of_models(folder: Path) -> bool:
    """Whether a folder holds what tables of many models are made of."""
    return (folder / GAINS).is_file()


def _write_over(out: Path, models: Sequence[ModelRuns]) -> dict[str, list[Agreement]]:
    write_csv(out / "models.csv", ModelGain._fields, [one.told for one in models])
    by_control: dict[str, list[Witness]] = {}
    for one in models:
        if one.witness:
            by_control.setdefault(one.control, []).append(one.witness)
    told = {control: agreements(found) for control, found in by_control.items()}
    lines = [(control, *one) for control, found in told.items() for one in found]
    write_csv(out / "predictors.csv", ("control", *Agreement._fields), lines)
    where = [(control, *one) for control, found in by_control.items() for one in placed(found)]
    write_csv(out / "summary.csv", ("control", *Placed._fields), where)
    return told


def _gain_rows(models: Sequence[ModelRuns]) -> Iterator[tuple[Any, ...]]:
    for one in models:
        for run in one.runs:
            line = (one.control, one.model, run.run, one.num_blocks, run.additivity)
            yield from ((*line, item, gain) for item, gain in enumerate(run.gain.tolist()))


def _by(table: pandas.DataFrame, names: list[str]) -> Iterator[tuple[Any, pandas.DataFrame]]:
    yield from table.groupby(names, sort=False)


def _read(path: Path) -> pandas.DataFrame:
    return pandas.read_csv(path, float_precision="round_trip")
