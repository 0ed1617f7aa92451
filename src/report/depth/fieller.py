"""The interval of a ratio of two means that were measured in pairs."""

import math
from typing import NamedTuple

import numpy
from numpy.typing import ArrayLike
from scipy.special import stdtrit

from src.report.depth.seeds import ROUNDING


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
    t2 = float(stdtrit(n - 1, 0.975)) ** 2
    square = mean_below**2 - t2 * cov[1, 1]
    if square <= 0 or cov.trace() <= (ROUNDING * mean_below) ** 2:
        return missing
    middle = mean_above * mean_below - t2 * cov[0, 1]
    root = math.sqrt(max(middle**2 - square * (mean_above**2 - t2 * cov[0, 0]), 0.0))
    return Ratio(mean_above / mean_below, (middle - root) / square, (middle + root) / square, n)
