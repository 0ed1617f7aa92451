"""Holm's correction: several bands against one baseline."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from src.statistics.estimate import LEVEL


class Corrected(NamedTuple):
    """One test among several."""

    pvalue: float
    """Adjusted: rejected at a family-wise error of `level` where it is at most `level`."""
    level: float
    """The error at which Holm's procedure tested it: the interval at this level leaves 0 out exactly where
    the test rejects. From the first test that does not reject on, all have that one's level."""


def holm(pvalues: Sequence[float], level: float = LEVEL) -> list[Corrected]:
    """Correct two-sided p-values for how many they are, in the given order.

    A NaN (a test that could not be made) stays NaN and does not count. Source: Holm (1979).
    """
    found = [Corrected(math.nan, level)] * len(pvalues)
    order = sorted((p, i) for i, p in enumerate(pvalues) if not math.isnan(p))
    largest, rejecting, at = 0.0, True, level
    for rank, (pvalue, index) in enumerate(order):
        share = len(order) - rank
        largest = max(largest, min(1.0, share * pvalue))
        if rejecting:
            at = level / share
            rejecting = pvalue <= at
        found[index] = Corrected(largest, at)
    return found
