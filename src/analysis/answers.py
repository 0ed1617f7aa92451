"""What runs answered, item by item where it is known, and sums and differences of that."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy

from src.statistics.arm_scatter import Pooled
from src.statistics.complete import complete
from src.statistics.estimate import Estimate
from src.statistics.seeds import over_seeds, paired_by_seed
from src.statistics.two_way_model import crossed

UNKNOWN = Estimate(math.nan, math.nan, 0, 0)
"""Of nothing."""


@dataclass(frozen=True)
class Answers:
    """One score of one run."""

    value: float
    stderr: float | None
    n: int
    ids: tuple[str, ...] = ()
    """The items, in order; empty where they are not known."""
    items: numpy.ndarray | None = None
    """The metric of each item."""


def mean_of(answers: dict[int, Answers]) -> Estimate:
    """Over seeds and items where the items are known, else over seeds alone; a share where all are 0 or 1."""
    if not answers:
        return UNKNOWN
    table = table_of(answers)
    if table is None:
        return over_seeds([one.value for one in answers.values()])
    return replace(crossed(table), share=bool(numpy.isin(table, (0, 1)).all()))


def table_of(answers: dict[int, Answers]) -> numpy.ndarray | None:
    """Items of every seed, [seed, item]; None unless all seeds answered the same, at least two."""
    items = _of_all([answers[seed] for seed in sorted(answers)])
    return None if items is None or len(items[0]) < 2 else numpy.stack(items)


def _of_all(answers: Sequence[Answers]) -> list[numpy.ndarray] | None:
    """The items of each; None unless they are known and the same."""
    return complete(one.items if one.ids == answers[0].ids else None for one in answers)


def difference(
    first: dict[int, Answers], second: dict[int, Answers], pooled: Pooled | None = None
) -> Estimate:
    """First - second over common seeds, paired by seed and by item where both are known.

    `pooled`: the scatter over seeds in place of that of these two.
    """
    return gap(first, second)(1, pooled)


def gap(first: dict[int, Answers], second: dict[int, Answers]) -> Callable[[float, Pooled | None], Estimate]:
    """The same of first - r * second, for any r and scatter."""
    common = sorted(first.keys() & second.keys())
    if not common:
        return lambda r, pooled: UNKNOWN
    sides = [{seed: side[seed] for seed in common} for side in (first, second)]
    tables = complete(table_of(side) for side in sides)
    if tables is None or len({side[common[0]].ids for side in sides}) > 1:
        one, other = ({seed: each.value for seed, each in side.items()} for side in sides)
        return lambda r, pooled: paired_by_seed(one, {seed: r * v for seed, v in other.items()}, pooled)
    return lambda r, pooled: crossed(tables[0] - r * tables[1], pooled)


def weighted(sides: Sequence[dict[int, Answers]], weights: Sequence[float]) -> dict[int, Answers]:
    """The weighted sum of some scores over the seeds of all, item by item where all answered the same."""
    common = sorted(set.intersection(*(set(side) for side in sides)))
    return {seed: _sum([side[seed] for side in sides], weights) for seed in common}


def _sum(answers: Sequence[Answers], weights: Sequence[float]) -> Answers:
    first = answers[0]
    value = float(numpy.dot(weights, [one.value for one in answers]))
    items = _of_all(answers)
    if items is None:
        return Answers(value, None, first.n)
    return Answers(value, None, first.n, first.ids, numpy.tensordot(numpy.asarray(weights), items, 1))
