"""Seeds x items: what another seed would give on other items of the same kind."""

import math
from typing import Any, NamedTuple

import numpy

from src.statistics.arm_scatter import Pooled
from src.statistics.estimate import Estimate
from src.statistics.student import satterthwaite


class MeanSquares(NamedTuple):
    """Of two-way tables with one number a cell: a number a table."""

    seeds: Any
    items: Any
    rest: Any


_CELLS = (-2, -1)


def mean_squares(tables: numpy.ndarray) -> MeanSquares:
    """Of rows (seeds), columns (items) and what is left, of tables [..., seed, item] of at least 2 x 2."""
    num_seeds, num_items = tables.shape[-2:]
    mean, rows, columns = (tables.mean(axis=axis, keepdims=True) for axis in (_CELLS, -1, -2))
    rest = tables - rows - columns + mean
    return MeanSquares(
        num_items * ((rows - mean) ** 2).sum(axis=_CELLS) / (num_seeds - 1),
        num_seeds * ((columns - mean) ** 2).sum(axis=_CELLS) / (num_items - 1),
        (rest**2).sum(axis=_CELLS) / ((num_seeds - 1) * (num_items - 1)),
    )


def crossed(table: numpy.ndarray, pooled: Pooled | None = None) -> Estimate:
    """Mean of a table of seeds x items, both drawn at random, every seed on the same items.

    For a difference of two arms the cells hold first - second, item by item. The error is that of a two-way
    random model: Var = (MS_seeds + MS_items - MS_rest) / (S I), never below what seeds or items alone give,
    with Satterthwaite's degrees of freedom between S - 1 and I - 1. One seed: the error over items alone,
    which says nothing of other seeds.

    Simulated (3 or 5 seeds, 200 items, right or wrong answers, both arms equal): a test at 5 % errs in 2 to
    6 %; at 0.5 %, as the first step of Holm over ten bands, in 0.1 to 2 %, most where seeds differ most.
    With the scatter over seeds pooled over ten arms, at 0.5 % it errs in 0.1 to 0.7 %.

    Args:
        table: [seed, item], finite numbers.
        pooled: the scatter over seeds as `arm_scatter` finds it, used in place of the table's own.

    Raises:
        ValueError: no seed, or fewer than 2 items.
    """
    return crossed_each(numpy.asarray(table, dtype=float)[None], pooled)[0]


def crossed_each(tables: numpy.ndarray, pooled: Pooled | None = None) -> list[Estimate]:
    """The same of many tables at once, [table, seed, item]."""
    num_seeds, num_items = tables.shape[1:]
    if num_seeds < 1 or num_items < 2:
        raise ValueError(f"table: given {num_seeds} seeds x {num_items} items; needed: at least 1 x 2")
    means = tables.mean(axis=_CELLS).tolist()
    if num_seeds == 1:
        errors = (tables[:, 0].std(axis=1, ddof=1) / math.sqrt(num_items)).tolist()
        return [Estimate(*one, num_items - 1, 1, num_items) for one in zip(means, errors, strict=True)]
    squares = mean_squares(tables)
    of_seeds: float = num_seeds - 1
    if pooled:
        seeds, of_seeds = numpy.full(len(tables), num_items * pooled.variance), pooled.freedom
        squares = squares._replace(seeds=seeds)
    each = zip(means, *(side.tolist() for side in squares), strict=True)
    return [of_squares(mean, MeanSquares(*one), of_seeds, num_seeds, num_items) for mean, *one in each]


def of_squares(
    mean: float, squares: MeanSquares, of_seeds: float, num_seeds: int, num_items: int
) -> Estimate:
    """The same of one table from its mean squares; those of seeds have `of_seeds` degrees of freedom."""
    freedoms = MeanSquares(of_seeds, num_items - 1, (num_seeds - 1) * (num_items - 1))
    variance, freedom = of_a_cell(squares, freedoms)
    return Estimate(mean, math.sqrt(variance / (num_seeds * num_items)), freedom, num_seeds, num_items)


def of_a_cell(squares: MeanSquares, freedoms: MeanSquares) -> tuple[float, float]:
    """The variance of the mean times the number of cells, and its degrees of freedom (Satterthwaite).

    Never below what seeds or items alone give, and with degrees of freedom between theirs.
    """
    seeds, items, rest = squares
    variance = max(seeds + items - rest, seeds, items)
    if variance == 0:
        return 0.0, freedoms.seeds
    spread = sum(one**2 / freedom for one, freedom in zip(squares, freedoms, strict=True))
    low, high = sorted(freedoms[:2])
    return variance, min(max(variance**2 / spread, low), high)


def crossed_apart(first: numpy.ndarray, second: numpy.ndarray) -> Estimate:
    """Mean of one table of seeds x items minus that of another with the same seeds and other items.

    The scatter over seeds is that of the seeds' differences; what items of either side add is added. One
    seed: Welch's test.

    Args:
        first: [seed, item], finite numbers, at least 2 items.
        second: the same seeds on items of its own.
    """
    num_seeds = len(first)
    parts = []
    for table in (first, second):
        num_items = table.shape[1]
        if num_seeds == 1:
            parts.append((float(table.var(ddof=1)) / num_items, num_items - 1))
        else:
            squares = mean_squares(table)
            parts.append((max(squares.items - squares.rest, 0) / table.size, num_items - 1))
    if num_seeds > 1:
        apart = first.mean(axis=1) - second.mean(axis=1)
        parts.append((float(apart.var(ddof=1)) / num_seeds, num_seeds - 1))
    variance, freedom = satterthwaite(parts, num_seeds)
    return Estimate(float(first.mean() - second.mean()), math.sqrt(variance), freedom, num_seeds)
