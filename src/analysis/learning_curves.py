"""Learning curves: what each run logged by step, and the mean over the seeds of an arm."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy

from src.analysis.arms import BAND, Arm
from src.analysis.experiment import Experiment
from src.analysis.families import Row
from src.analysis.run_tables import LOGGED
from src.analysis.runs import Run
from src.statistics.student import mean_interval

MOST_POINTS = 60


@dataclass(frozen=True)
class Curve:
    """One logged number of an arm by step; low and high: 95 % over seeds, NaN for one."""

    arm: Arm
    steps: numpy.ndarray
    mean: numpy.ndarray
    low: numpy.ndarray
    high: numpy.ndarray
    num_seeds: int


def arms_with_steps(study: Experiment) -> list[Arm]:
    """Those of which a run has logged, in order of the bands."""
    return [arm for arm in sorted(study.arms, key=lambda arm: arm.order) if _trained(arm)]


def learning_curves(arms: Sequence[Arm], key: str) -> list[Curve]:
    """A curve an arm; arms that did not log the key are left out."""
    curves = []
    for arm in arms:
        binned = _binned([run.logged for run in _trained(arm).values()], key)
        if binned is not None:
            curves.append(Curve(arm, binned[0], *mean_interval(binned[1]), len(binned[1])))
    return curves


def curve_rows(study: Experiment, arms: Sequence[Arm]) -> list[Row]:
    """A row a run of some arms and bin of steps: as many points as are drawn."""
    rows: list[Row] = []
    for arm in arms:
        trained = _trained(arm)
        told = {BAND: arm.band}
        told |= {name.removesuffix(".name"): arm.factors[name] for name in study.factors if name != BAND}
        found = {key: _binned([run.logged for run in trained.values()], key) for key in LOGGED}
        known = {key: binned for key, binned in found.items() if binned is not None}
        steps = next((binned[0] for binned in known.values()), numpy.array([]))
        for place, seed in enumerate(trained):
            of_seed = {key: _short(binned[1][place]) for key, binned in known.items()}
            for bin_number, step in enumerate(_short(steps)):
                point = {key: values[bin_number] for key, values in of_seed.items()}
                rows.append(told | {"seed": seed, "step": step} | point)
    return rows


def _short(values: numpy.ndarray) -> list[float]:
    """Five digits: what a figure can show."""
    return [float(f"{value:.5g}") for value in values]


def _trained(arm: Arm) -> dict[int, Run]:
    """The runs with steps, by seed."""
    return {seed: run for seed, run in arm.runs.items() if len(run.logged["step"])}


def _binned(
    runs: Sequence[Mapping[str, numpy.ndarray]], key: str
) -> tuple[numpy.ndarray, numpy.ndarray] | None:
    """Steps, and a table [run, bin] over the steps that all runs have; None where the key is nowhere."""
    length = min((len(logged["step"]) for logged in runs), default=0)
    if not length or any(len(logged[key]) < length for logged in runs):
        return None
    sizes = numpy.array([len(one) for one in numpy.array_split(range(length), min(length, MOST_POINTS))])
    starts = sizes.cumsum() - sizes
    values = numpy.stack([runs[0]["step"][:length], *(logged[key][:length] for logged in runs)])
    means = numpy.add.reduceat(values, starts, axis=1) / sizes
    return means[0], means[1:]
