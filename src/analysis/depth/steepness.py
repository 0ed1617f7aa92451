"""Does a profile rise more steeply, the farther the tuning objective is from the pretraining objective?"""

import math
from functools import cache
from itertools import permutations

import numpy
import pandas
from pandas import DataFrame
from scipy.stats import rankdata

from src.statistics.bounded import rank_interval

NUM_DRAWS = 10_000
EXACT_UP_TO = 8  # 8! = 40,320 orders are fewer than a sample that is worth drawing
MIN_CELLS = 3
MIN_INTERVAL = 5


def steepness_against_distance(cells: DataFrame, by: list[str], within: str, seed: int = 0) -> DataFrame:
    """Spearman's rho of steepness against distance per group, and over all with ranks inside each group.

    Args:
        cells: one row a cell (model and objective), columns `steepness` and `distance`: means over seeds, as
            the seeds of a cell are no new points.
        by: what is analysed apart, such as the metric.
        within: the column of the groups, such as architecture.
        seed: of the draws.

    Returns:
        num_cells, rho, p (two-sided, by permuting cells inside each group: all orders up to 8 cells,
        10,000 draws above), p_least (of the order with the largest rho that these ranks allow, ties
        included), ci_low and ci_high (Bonett and Wright's; missing below 5 cells, and where |rho| is 1).
        Missing below 3 cells or where a side does not vary.
    """
    rows = []
    for key, one in cells.dropna(subset=["steepness", "distance"]).groupby(by, sort=False):
        names = dict(zip(by, key, strict=True))
        groups = {name: group[["steepness", "distance"]].to_numpy() for name, group in one.groupby(within)}
        rows += [names | {within: name} | _group([group], seed) for name, group in groups.items()]
        if len(groups) > 1:
            usable = [group for group in groups.values() if _varies(group)]
            rows.append(names | {within: "all, ranked within each"} | _group(usable, seed))
    return pandas.DataFrame(rows)


def _group(groups: list[numpy.ndarray], seed: int) -> dict[str, float | int]:
    n = sum(len(group) for group in groups)
    if not groups or not all(_varies(group) for group in groups):
        missing = dict.fromkeys(("rho", "p", "p_least", "ci_low", "ci_high"), math.nan)
        return {"num_cells": n} | missing
    found = _rho([_ranks(group) for group in groups])
    drawn = _under_chance(groups, seed)
    exact = len(groups) == 1 and n <= EXACT_UP_TO
    pvalue, least = (_share_of(drawn, rho, exact) for rho in (found, _largest(groups)))
    free = n - len(groups) + 1  # ranks are taken within each group
    low, high = rank_interval(found, free) if n >= MIN_INTERVAL else (math.nan, math.nan)
    return {"num_cells": n, "rho": found, "p": pvalue, "p_least": least, "ci_low": low, "ci_high": high}


def _share_of(drawn: numpy.ndarray, rho: float, exact: bool) -> float:
    """Share of the orders that are as extreme as rho."""
    # Ties in floating point: an order with the same rho must count as one that is as extreme.
    reached = numpy.abs(drawn) >= abs(rho) - 1e-9
    return float(reached.mean() if exact else (1 + reached.sum()) / (1 + len(drawn)))


def _largest(groups: list[numpy.ndarray]) -> float:
    """The largest |rho| of any order: both sides of every group sorted alike, or all of them opposed."""
    alike = [numpy.sort(_ranks(group), axis=0) for group in groups]
    opposed = [numpy.column_stack([group[:, 0], group[::-1, 1]]) for group in alike]
    return max(_rho(alike), -_rho(opposed))


def _varies(group: numpy.ndarray) -> bool:
    return len(group) >= MIN_CELLS and all(len(set(side)) > 1 for side in group.T)


def _ranks(group: numpy.ndarray) -> numpy.ndarray:
    """Ranks of both columns around 0, so that pooled groups are compared within themselves."""
    ranks = rankdata(group, axis=0)
    return ranks - ranks.mean(axis=0)


def _rho(ranked: list[numpy.ndarray]) -> float:
    """Pearson's correlation of the ranks, pooled over groups; one group: Spearman's rho."""
    one, other = numpy.concatenate(ranked).T
    return float(one @ other / math.sqrt((one @ one) * (other @ other)))


def _under_chance(groups: list[numpy.ndarray], seed: int) -> numpy.ndarray:
    """The rho of every order (or of many drawn ones) of the cells of each group."""
    products, lengths = numpy.zeros(()), numpy.zeros(2)
    for place, group in enumerate(groups):
        one, other = _ranks(group).T
        products = products + one[_orders(len(one), seed, place, len(groups) == 1)] @ other
        lengths += numpy.array([one @ one, other @ other])
    return products / math.sqrt(lengths.prod())


# Groups of one size at one place share their orders between metrics, as nothing compares those; groups that
# are pooled lie at unlike places, and are drawn apart.
@cache
def _orders(n: int, seed: int, place: int, alone: bool) -> numpy.ndarray:
    """Orders of n cells, [order, cell]."""
    if alone and n <= EXACT_UP_TO:
        return numpy.array(list(permutations(range(n))))
    generator = numpy.random.default_rng([seed, n, place])
    return generator.permuted(numpy.tile(numpy.arange(n), (NUM_DRAWS, 1)), axis=1)
