"""Profiles by layer: mean over the seeds of an arm, with their error."""

from dataclasses import dataclass, replace

import numpy
import pandas

from src.analysis.arms import Arm
from src.analysis.experiment import Experiment
from src.analysis.runs import ALL
from src.metrics.catalog import METRICS
from src.statistics.bounded import distance_ends, share_ends
from src.statistics.student import mean_interval

_ENDS = {"similarity": share_ends, "distance": distance_ends}
"""Intervals over seeds that stay within the bounds of what they are of."""


@dataclass(frozen=True)
class ProfileLine:
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
    reading: str = ALL
    """Of the states: which tokens are in it."""


def read_profiles(study: Experiment) -> dict[str, list[ProfileLine]]:
    """By metric, in the order of the layer tables; of several readings two, that of all tokens last."""
    found: dict[str, list[ProfileLine]] = {}
    bases: set[tuple[str, str, str]] = set()
    for arm in study.arms:
        for reading in _readings(arm):
            tables = [(seed, run.layers_of(reading)) for seed, run in arm.runs.items()]
            known = [table.assign(seed=seed) for seed, table in tables if table is not None]
            if not known:
                continue
            for key, rows in pandas.concat(known).groupby(["metric", "stage"], sort=False):
                metric, stage = map(str, key)
                base = (metric, str(arm.record["model"].get("fingerprint")), reading)
                if (stage == "base" and base in bases) or (reading != arm.first.reading and _same(metric)):
                    continue
                bases |= {base} if stage == "base" else set()
                line = replace(_line(arm, stage, rows), reading=reading)
                found.setdefault(metric, []).append(_bounded(metric, line))
    return found


def _readings(arm: Arm) -> list[str]:
    """The one that is shown, and that of all tokens beside it where all runs have it."""
    shown = arm.first.reading
    beside = shown != ALL and all(ALL in run.readings for run in arm.runs.values())
    return [name for name in (shown, *([ALL] if beside else [])) if name in arm.first.readings]


def _same(metric: str) -> bool:
    """Whether a metric is the same whichever tokens are read."""
    return metric not in METRICS or METRICS[metric].needs not in ("pooled", "pair", "tokens", "views")


def _line(arm: Arm, stage: str, rows: pandas.DataFrame) -> ProfileLine:
    if stage == "base":  # the same in every run
        rows = rows[rows["seed"] == rows["seed"].iloc[0]]
    num_seeds = rows["seed"].nunique()
    if num_seeds == 1:
        names = ("depth", "value", "low", "high")
        depth, value, low, high = (rows[name].to_numpy(dtype=float) for name in names)
        return ProfileLine(arm, stage, depth, value, low, high, 1)
    depth, values = _by_seed(rows, num_seeds)
    mean, low, high = mean_interval(values)
    if (ends := _ENDS.get(_kind(rows, stage))) is not None:  # else it is cut off at its bound below
        inner = ends(mean, mean - low)
        low, high = (numpy.where(numpy.isnan(a), b, a) for a, b in zip(inner, (low, high), strict=True))
    return ProfileLine(arm, stage, depth, mean, low, high, num_seeds)


def _kind(rows: pandas.DataFrame, stage: str) -> str:
    known = METRICS.get(str(rows["metric"].iloc[0]))
    return "" if known is None or stage != "change" else known.change


def _bounded(metric: str, line: ProfileLine) -> ProfileLine:
    """A change as it can be: an interval ends at no change, and weights that nobody trained are a gap."""
    known = METRICS.get(metric)
    if known is None or line.stage != "change":
        return line
    if known.change == "similarity":
        line = replace(line, high=numpy.minimum(line.high, numpy.maximum(line.value, 1.0)))
    if known.change == "distance":
        line = replace(line, low=numpy.maximum(line.low, numpy.minimum(line.value, 0.0)))
    return _with_gaps(line) if known.needs == "weights" else line


def _with_gaps(line: ProfileLine) -> ProfileLine:
    """NaN at the blocks that no run of the arm trained: their weights cannot have moved."""
    records = [run.record for run in line.arm.runs.values()]
    trained = {block for record in records for block in record.get("adapted", {}).get("blocks", [])}
    num_blocks = line.arm.record["model"].get("num_blocks")
    if not trained or not num_blocks:
        return line
    layers = numpy.rint(line.depth * num_blocks)  # layer k is put out by block k - 1
    gap = ~numpy.isin(layers, [block + 1 for block in trained])
    value, low, high = (numpy.where(gap, numpy.nan, side) for side in (line.value, line.low, line.high))
    return replace(line, value=value, low=low, high=high)


def _by_seed(rows: pandas.DataFrame, num_seeds: int) -> tuple[numpy.ndarray, numpy.ndarray]:
    """Depths, and values [seed, depth]; NaN where a seed lacks a layer."""
    depth = rows["depth"].to_numpy()
    first = depth[: len(rows) // num_seeds]
    if len(first) * num_seeds == len(rows) and (depth.reshape(num_seeds, -1) == first).all():
        return first, rows["value"].to_numpy(dtype=float).reshape(num_seeds, -1)  # as every run writes them
    table = rows.pivot(index="depth", columns="seed", values="value").sort_index()
    return table.index.to_numpy(), table.to_numpy(dtype=float).T
