"""Mixtures on the plane of task and English: better only where they beat the uniform share of equal gain."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy

from src.intervene.engine.gates import Gates, Pattern
from src.intervene.engine.item_table import ItemTable
from src.intervene.merge.plans import uniform_curve
from src.statistics.matched import Compared, Tradeoff, against_curve
from src.storage.csv_file import write_csv


class Point(NamedTuple):
    """One mixture: what it gains over the base, what English it keeps, and how much more than the curve."""

    plan: str
    share: float
    """Of the uniform curve; NaN of other mixtures."""
    gained: float
    """logp of the task over the base's, nats a token, with its 95 % interval."""
    gained_low: float
    gained_high: float
    kept: float
    """English over the base's, nats a byte with the sign turned: below 0 is forgotten."""
    kept_low: float
    kept_high: float
    more: float
    """Kept more than the uniform share that gains as much; NaN where none does, and of the curve itself."""
    more_low: float
    more_high: float
    p_holm: float
    num_seeds: int


Tradeoffs = Mapping[str, Tradeoff]
"""Of one run or several, by plan."""


def tradeoffs(gates: Gates, plans: Mapping[str, Pattern], task: ItemTable, english: ItemTable) -> Tradeoffs:
    """Of one run: the uniform curve under its shares as text, then the plans."""
    patterns = {f"{share:g}": pattern for share, pattern in uniform_curve(gates).items()} | dict(plans)
    return {
        name: Tradeoff(
            (task.of("logp", pattern) - task.of("logp", gates.base))[None],
            (english.of("english", gates.base) - english.of("english", pattern))[None],
        )
        for name, pattern in patterns.items()
    }


def frontier(runs: Sequence[Tradeoffs], shares: Sequence[float]) -> list[Point]:
    """The uniform curve in the order of its shares, then every other mixture held against it."""
    found = {
        name: Tradeoff(
            *(numpy.concatenate([getattr(run[name], side) for run in runs]) for side in Tradeoff._fields)
        )
        for name in runs[0]
    }
    curve = [found.pop(f"{share:g}") for share in shares]
    ends = against_curve({f"{share:g}": one for share, one in zip(shares, curve, strict=True)}, [])
    points = [_point("uniform", share, one) for share, one in zip(shares, ends.values(), strict=True)]
    return points + [_point(name, math.nan, one) for name, one in against_curve(found, curve).items()]


def write_frontier(path: Path, points: Sequence[Point]) -> None:
    """One line a mixture."""
    write_csv(path, Point._fields, points)


def _point(plan: str, share: float, one: Compared) -> Point:
    ends = [(side.value, *side.interval()) for side in (one.gained, one.kept)]
    more = (one.more.value, *one.more.interval()) if one.more else (math.nan,) * 3
    return Point(plan, share, *ends[0], *ends[1], *more, one.p_holm, one.gained.num_seeds)
