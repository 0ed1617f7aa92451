"""The interval of a median."""

from typing import NamedTuple

import numpy
from numpy.typing import ArrayLike

from src.statistics.student import LEVEL

NUM_RESAMPLES, SEED = 2000, 0
FEWEST = 6
"""Of fewer items not even the smallest and the largest hold the median in 95 %: 1 - 2 / 2^5 is 0.94."""


class Median(NamedTuple):
    """A median over n items with its 95 % bootstrap interval, missing (NaN) below 6 items; of none all is."""

    value: float
    low: float
    high: float
    n: int


def median_of(values: ArrayLike) -> Median:
    """Of the items that have a value; NaN stands for an item that has none. Source: Efron 1979."""
    known = numpy.asarray(values, dtype=float)
    known = known[~numpy.isnan(known)]
    if not len(known):
        return Median(numpy.nan, numpy.nan, numpy.nan, 0)
    if len(known) < FEWEST:
        return Median(float(numpy.median(known)), numpy.nan, numpy.nan, len(known))
    drawn = numpy.random.default_rng(SEED).integers(len(known), size=(NUM_RESAMPLES, len(known)))
    low, high = numpy.quantile(numpy.median(known[drawn], axis=1), (LEVEL / 2, 1 - LEVEL / 2))
    return Median(float(numpy.median(known)), float(low), float(high), len(known))
