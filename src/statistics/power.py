"""How many seeds and items a claim needs, from variance components of a finished study or stated ones."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy

from src.statistics.detectable import smallest_detectable
from src.statistics.estimate import LEVEL, Estimate
from src.statistics.two_way_model import MeanSquares, mean_squares, of_squares

MAX_SEEDS = 200


class Components(NamedTuple):
    """Variances of the difference of two arms at one seed on one item: what each adds to it."""

    seeds: float
    """Of the mean over all items, between seeds."""
    items: float
    """Of the mean over all seeds, between items."""
    rest: float
    """Of a seed on an item, beyond both."""


def components(table: numpy.ndarray) -> Components:
    """Components of a table [seed, item] of differences, at least 2 x 2; one below 0 is 0.

    Source: expected mean squares of the two-way random model.
    """
    num_seeds, num_items = numpy.shape(table)
    seeds, items, rest = mean_squares(numpy.asarray(table, dtype=float))
    return Components(max((seeds - rest) / num_items, 0.0), max((items - rest) / num_seeds, 0.0), rest)


def nested_components(rows: Sequence[numpy.ndarray]) -> Components:
    """Components where each seed has items of its own, [item] of differences a seed, at least 2 x 2.

    What items add is in the rest: no two seeds share it.

    Source: expected mean squares of the one-way random model.
    """
    rest = float(numpy.mean([numpy.var(row, ddof=1) for row in rows]))
    means = numpy.var([numpy.mean(row) for row in rows], ddof=1)
    return Components(max(float(means - rest * numpy.mean([1 / len(row) for row in rows])), 0.0), 0.0, rest)


def mean_components(found: Sequence[Components]) -> Components:
    """The mean over several contrasts of one study.

    Raises:
        ValueError: none was given.
    """
    if not found:
        raise ValueError("components: given none; needed: those of one contrast at least")
    return Components(*(float(numpy.mean(column)) for column in zip(*found, strict=True)))


def planned(parts: Components, num_seeds: int, num_items: int, freedom: float | None = None) -> Estimate:
    """The error that a study of this size is expected to have; its value is 0.

    Args:
        parts: variance components of the difference.
        num_seeds: at least 2.
        num_items: at least 2.
        freedom: behind the scatter over seeds; None: num_seeds - 1, as for two arms alone.
    """
    of_seeds = num_seeds - 1 if freedom is None else freedom
    seeds, items = num_items * parts.seeds + parts.rest, num_seeds * parts.items + parts.rest
    return of_squares(0.0, MeanSquares(seeds, items, parts.rest), of_seeds, num_seeds, num_items)


def detectable(
    parts: Components,
    num_seeds: int,
    num_items: int,
    level: float = LEVEL,
    freedom: float | None = None,
) -> float:
    """The smallest true difference that a study of this size finds with 80 % power."""
    return smallest_detectable(planned(parts, num_seeds, num_items, freedom), level)


def seeds_needed(
    effect: float,
    parts: Components,
    num_items: int,
    level: float = LEVEL,
    num_arms: int = 2,
) -> int | None:
    """The fewest seeds with which a difference of `effect` is found; None: no number of seeds does.

    Args:
        effect: the true difference; its sign does not matter.
        parts: variance components of the difference.
        num_items: items that every seed answers. More seeds never remove the error over items.
        level: two-sided error of the test, corrected for the declared claims.
        num_arms: arms that scatter alike, which the scatter over seeds is pooled over.
    """
    for num_seeds in range(2, MAX_SEEDS + 1):
        freedom = (num_seeds - 1) * max(num_arms - 1, 1)
        if detectable(parts, num_seeds, num_items, level, freedom) <= abs(effect):
            return num_seeds
    return None
