"""Profiles by layer: mean over the seeds of an arm, with their error."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy
import pandas

from src.analysis.arms import Arm
from src.analysis.experiment import Experiment
from src.analysis.layer_series import places_of
from src.analysis.run_index import Numbers
from src.analysis.run_tables import by_column
from src.analysis.runs import ALL
from src.metrics.catalog import METRICS
from src.statistics.bounded import distance_ends, share_ends
from src.statistics.estimate import Estimate
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
            for metric, line in _lines(arm, reading):
                base = (metric, str(arm.record["model"].get("fingerprint")), reading)
                told = line.stage == "base" and base in bases
                if told or (reading != arm.first.reading and _same(metric)):
                    continue
                bases |= {base} if line.stage == "base" else set()
                found.setdefault(metric, []).append(_bounded(metric, replace(line, reading=reading)))
    return found


def _readings(arm: Arm) -> list[str]:
    """The one that is shown, and that of all tokens beside it where all runs have it."""
    shown = arm.first.reading
    beside = shown != ALL and all(ALL in run.readings for run in arm.runs.values())
    return [name for name in (shown, *([ALL] if beside else [])) if name in arm.first.readings]


def _same(metric: str) -> bool:
    """Whether a metric is the same whichever tokens are read."""
    return metric not in METRICS or METRICS[metric].needs not in ("pooled", "pair", "tokens", "views")


def _lines(arm: Arm, reading: str) -> Iterator[tuple[str, ProfileLine]]:
    """A line a metric and stage, in the order of the tables."""
    known = [one for run in arm.runs.values() if (one := run.layer_numbers(reading)) is not None]
    first = known[0].layout if known else None
    if known and all(one.layout is first or one.layout == first for one in known):
        yield from _alike(arm, known)
        return
    tables = [(seed, run.layers_of(reading)) for seed, run in arm.runs.items()]
    unlike = [table.assign(seed=seed) for seed, table in tables if table is not None]
    for key, rows in pandas.concat(unlike).groupby(["metric", "stage"], sort=False) if unlike else ():
        metric, stage = map(str, key)
        yield metric, _line(arm, metric, stage, rows)


def _alike(arm: Arm, known: Sequence[Numbers]) -> Iterator[tuple[str, ProfileLine]]:
    """Of runs whose tables have the same rows, as nearly all have: every metric of all seeds at once."""
    layout = known[0].layout
    table = numpy.stack([by_column(one) for one in known])
    depth, together = numpy.asarray(layout["depth"], float), mean_interval(table[:, 0])
    for (metric, stage), at in places_of(layout["metric"], layout["stage"]).items():
        alone = stage == "base" or len(known) == 1  # the base is the same in every run
        value, low, high = table[0][:, at] if alone else (side[at] for side in together)
        line = ProfileLine(arm, stage, depth[at], value, low, high, 1 if alone else len(known))
        yield metric, _with_ends(line, metric)


def _line(arm: Arm, metric: str, stage: str, rows: pandas.DataFrame) -> ProfileLine:
    if stage == "base":  # the same in every run
        rows = rows[rows["seed"] == rows["seed"].iloc[0]]
    num_seeds = rows["seed"].nunique()
    if num_seeds == 1:
        names = ("depth", "value", "low", "high")
        depth, value, low, high = (rows[name].to_numpy(dtype=float) for name in names)
        return ProfileLine(arm, stage, depth, value, low, high, 1)
    table = rows.pivot(index="depth", columns="seed", values="value").sort_index()
    depth, values = table.index.to_numpy(), table.to_numpy(dtype=float).T
    return _with_ends(ProfileLine(arm, stage, depth, *mean_interval(values), num_seeds), metric)


def _with_ends(line: ProfileLine, metric: str) -> ProfileLine:
    """The interval over seeds of a share or a distance within their bounds, as far as it can be told."""
    known = METRICS.get(metric)
    ends = _ENDS.get(known.change) if known and line.stage == "change" and line.num_seeds > 1 else None
    if ends is None:  # it is cut off at its bound below
        return line
    inner = ends(line.value, line.value - line.low)
    low, high = (numpy.where(numpy.isnan(a), b, a) for a, b in zip(inner, (line.low, line.high), strict=True))
    return replace(line, low=low, high=high)


def ends_within(metric: str, stage: str, one: Estimate) -> tuple[float, float] | None:
    """The same of one number of a change; None where it has no bounds."""
    known = METRICS.get(metric)
    if known is None or stage != "change" or known.change not in _ENDS or not one.known:
        return None
    plain = one.interval()
    inner = (float(end) for end in _ENDS[known.change](one.value, one.value - plain[0]))
    low, high = (b if math.isnan(a) else a for a, b in zip(inner, plain, strict=True))
    return low, min(high, max(one.value, 1.0)) if known.change == "similarity" else high


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
