"""Holm's correction: several bands against one baseline."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from src.statistics.student import LEVEL


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
    from statsmodels.stats.multitest import multipletests  # not before something is tested

    found = [Corrected(math.nan, level)] * len(pvalues)
    order = sorted((p, i) for i, p in enumerate(pvalues) if not math.isnan(p))
    if not order:
        return found
    rejected, adjusted, *_ = multipletests([p for p, _ in order], level, method="holm", is_sorted=True)
    for rank, (_, index) in enumerate(order):
        tested_at = level / (len(order) - min(rank, int(rejected.sum())))
        found[index] = Corrected(float(adjusted[rank]), tested_at)
    return found
