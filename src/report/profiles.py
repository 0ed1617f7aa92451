"""Profiles by layer: mean over the seeds of an arm, with their error."""

from dataclasses import dataclass

import numpy
import pandas
from scipy.special import stdtrit

from src.report.arms import Arm
from src.report.study import Study


@dataclass(frozen=True)
class Line:
    """A metric by layer, of one arm or of one pretrained model."""

    arm: Arm
    stage: str
    """change, tuned, or base: the pretrained model, once for all arms that share it."""
    depth: numpy.ndarray
    value: numpy.ndarray
    low: numpy.ndarray
    """95 % interval over seeds; of one seed, over the rows that were measured. NaN where there is none."""
    high: numpy.ndarray
    num_seeds: int


def read_profiles(study: Study) -> dict[str, list[Line]]:
    """By metric, in the order of the layer tables."""
    found: dict[str, list[Line]] = {}
    bases: set[tuple[str, str]] = set()
    for arm in study.arms:
        tables = [run.layers.assign(seed=seed) for seed, run in arm.runs.items() if run.layers is not None]
        if not tables:
            continue
        for (metric, stage), rows in pandas.concat(tables).groupby(["metric", "stage"], sort=False):
            base = (metric, str(arm.record["model"].get("fingerprint")))
            if stage == "base" and base in bases:
                continue
            bases |= {base} if stage == "base" else set()
            found.setdefault(metric, []).append(_line(arm, stage, rows))
    return found


def _line(arm: Arm, stage: str, rows: pandas.DataFrame) -> Line:
    if stage == "base":  # the same in every run
        rows = rows[rows["seed"] == rows["seed"].iloc[0]]
    values = rows.pivot(index="depth", columns="seed", values="value").sort_index()
    depth, num_seeds = values.index.to_numpy(), values.shape[1]
    if num_seeds == 1:
        one = rows.sort_values("depth")
        return Line(
            arm, stage, depth, *(one[name].to_numpy(dtype=float) for name in ("value", "low", "high")), 1
        )
    mean, spread = values.mean(axis=1, skipna=False), values.std(axis=1, skipna=False)
    reach = (stdtrit(num_seeds - 1, 0.975) * spread / num_seeds**0.5).to_numpy()
    return Line(
        arm, stage, depth, mean.to_numpy(), mean.to_numpy() - reach, mean.to_numpy() + reach, num_seeds
    )
