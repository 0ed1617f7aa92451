"""Holm's correction: several bands against one baseline."""

import math
from collections.abc import Sequence
from itertools import accumulate, takewhile
from typing import NamedTuple

from src.statistics.student import LEVEL


class Corrected(NamedTuple):
    """One test among several."""

    pvalue: float
    """Adjusted: rejected at a family-wise error of 5 % where it is at most 0.05."""
    level: float
    """The error at which Holm's procedure tested it: the interval at this level leaves 0 out exactly where
    the test rejects. From the first test that does not reject on, all have that one's level."""


def holm(pvalues: Sequence[float]) -> list[Corrected]:
    """Correct two-sided p-values for how many they are, in the given order.

    A NaN (a test that could not be made) stays NaN and does not count. Source: Holm (1979). The same numbers
    as statsmodels' multipletests, which collects the whole memory at every call.
    """
    found = [Corrected(math.nan, LEVEL)] * len(pvalues)
    order = sorted((p, i) for i, p in enumerate(pvalues) if not math.isnan(p))
    steps = [(p, i, left) for (p, i), left in zip(order, range(len(order), 0, -1), strict=True)]
    rejected = sum(1 for _ in takewhile(lambda step: step[0] <= LEVEL / step[2], steps))
    adjusted = accumulate((p * left for p, _, left in steps), max)
    for rank, ((_, index, _), pvalue) in enumerate(zip(steps, adjusted, strict=True)):
        found[index] = Corrected(float(min(pvalue, 1.0)), LEVEL / steps[min(rank, rejected)][2])
    return found
