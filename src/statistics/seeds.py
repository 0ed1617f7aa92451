"""Seeds as the unit: what another seed would give, on the same items."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy

from src.statistics.arm_scatter import Pooled
from src.statistics.estimate import Estimate
from src.statistics.fieller import ROUNDING


def over_seeds(values: Sequence[float]) -> Estimate:
    """Mean over seeds with Student's error, n - 1 degrees of freedom; none for one seed, 0 where all agree.

    Says nothing of other items: where items are few, `crossed` is the honest one.
    """
    found = numpy.asarray(values, dtype=float)
    if len(found) == 0:
        raise ValueError("values: given none; needed: at least one")
    mean, spread = float(found.mean()), float(found.std(ddof=1)) if len(found) > 1 else math.nan
    stderr = 0.0 if spread <= ROUNDING * abs(mean) else spread / math.sqrt(len(found))
    return Estimate(mean, stderr, len(found) - 1, len(found))


def paired_by_seed(
    first: Mapping[int, float], second: Mapping[int, float], pooled: Pooled | None = None
) -> Estimate:
    """Mean over common seeds of first - second; ValueError where no seed is common.

    `pooled`: the scatter over seeds as `arm_scatter` finds it, in place of that of these two.
    """
    common = sorted(first.keys() & second.keys())
    if not common:
        raise ValueError(f"seeds: given {sorted(first)} and {sorted(second)}; needed: one in common")
    found = over_seeds([first[seed] - second[seed] for seed in common])
    if pooled is None:
        return found
    return replace(found, stderr=math.sqrt(pooled.variance / len(common)), freedom=pooled.freedom)
