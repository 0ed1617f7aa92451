"""One level for all intervals of a curve, so that 95 % of such curves lie within them everywhere at once."""

from collections.abc import Sequence

import numpy
from numpy import ndarray
from scipy.stats import norm

from src.statistics.student import LEVEL

NUM_DRAWS = 4000


def simultaneous_level(tables: Sequence[ndarray]) -> float:
    """The two-sided error at which the interval of each mean has to be taken, at most 5 %.

    Bootstrap of max |t| with normal multipliers: each draw gives every seed and every item one weight, the
    same for all means, so that means of the same seeds and items go up and down together. Each interval is
    then taken with its own degrees of freedom. Means that are always the same need no correction, and K
    independent ones that of Sidak, 1 - 0.95^(1 / K).

    Source: Chernozhukov, Chetverikov and Kato (2013).

    Args:
        tables: [seed, item] of each mean, all of one shape.
    """
    parts = numpy.stack([_deviations(table) for table in tables])
    sizes = numpy.linalg.norm(parts, axis=1)
    parts = parts[sizes > 0] / sizes[sizes > 0, None]
    if len(parts) < 2:
        return LEVEL
    weights = numpy.random.default_rng(0).standard_normal((NUM_DRAWS, parts.shape[1]))
    largest = abs(weights @ parts.T).max(axis=1)
    return float(2 * norm.sf(numpy.quantile(largest, 1 - LEVEL)))


def _deviations(table: ndarray) -> ndarray:
    """What every item, and every seed, adds to the error of the mean; a single seed adds nothing."""
    num_seeds, num_items = table.shape
    items = (table.mean(axis=0) - table.mean()) / numpy.sqrt(num_items * (num_items - 1))
    if num_seeds == 1:
        return items
    seeds = (table.mean(axis=1) - table.mean()) / numpy.sqrt(num_seeds * (num_seeds - 1))
    return numpy.concatenate([seeds, items])
