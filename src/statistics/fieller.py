"""The interval of a ratio of two means that were measured in pairs."""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy
from numpy.typing import ArrayLike
from scipy.optimize import brentq

from src.statistics.estimate import Estimate
from src.statistics.student import t_reach

ROUNDING = 1e-12  # of the mean: equal values have a sd of a few units of the last digit
_FARTHEST = 60  # doublings of the way from the ratio to the end of its interval


class Ratio(NamedTuple):
    """A ratio of means with its 95 % interval; all missing (NaN) where the divisor may be 0."""

    value: float
    low: float
    high: float
    n: int


def ratio_of_means(numerator: ArrayLike, divisor: ArrayLike) -> Ratio:
    """mean(numerator) / mean(divisor) over n pairs, with Fieller's interval.

    The interval holds every r for which a paired t test does not tell numerator from r * divisor. It is
    bounded exactly where such a test tells the divisor from 0; elsewhere the ratio means nothing and is
    missing, as it is below two pairs and where all pairs agree. Source: Fieller 1954.
    """
    above, below = (numpy.asarray(side, dtype=float) for side in (numerator, divisor))
    n = len(above)
    missing = Ratio(math.nan, math.nan, math.nan, n)
    if n < 2:
        return missing
    cov = numpy.cov(above, below) / n
    mean_above, mean_below = float(above.mean()), float(below.mean())
    t2 = float(t_reach(1.0, n - 1)) ** 2
    square = mean_below**2 - t2 * cov[1, 1]
    if square <= 0 or cov.trace() <= (ROUNDING * mean_below) ** 2:
        return missing
    middle = mean_above * mean_below - t2 * cov[0, 1]
    root = math.sqrt(max(middle**2 - square * (mean_above**2 - t2 * cov[0, 0]), 0.0))
    return Ratio(mean_above / mean_below, (middle - root) / square, (middle + root) / square, n)


def interval_of_ratio(
    gap: Callable[[float], Estimate], value: float, divisor: Estimate, level: float
) -> tuple[float, float]:
    """Fieller's interval for any paired test: every r that the test of first - r * second does not reject.

    Args:
        gap: the estimate of first - r * second, for any r; at r = `value` its value is 0.
        value: the ratio of the two means.
        divisor: of the second mean. Where it cannot be told from 0, or there is no error, the ends are NaN.
        level: two-sided error.
    """
    start = gap(value)
    if not (math.isfinite(value) and math.isfinite(start.stderr)) or not divisor.pvalue < level:
        return math.nan, math.nan
    if start.stderr == 0:
        return value, value
    first = start.stderr / abs(divisor.value)
    low, high = (_end(lambda r: gap(r).pvalue - level, value, way * first) for way in (-1, 1))
    return low, high


def _end(excess: Callable[[float], float], value: float, step: float) -> float:
    """Where the test turns, on one side of the ratio; NaN where it does not."""
    inside = value
    for _ in range(_FARTHEST):
        outside = inside + step
        if excess(outside) < 0:
            return float(brentq(excess, inside, outside))
        inside, step = outside, 2 * step
    return math.nan
