"""Seeds as the unit: what another seed would give, on the same items."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy

from src.statistics.arm_scatter import Pooled
from src.statistics.estimate import Estimate


def over_seeds(values: Sequence[float]) -> Estimate:
    """Mean over seeds with Student's error, n - 1 degrees of freedom; no error for one seed.

    Says nothing of other items: where items are few, `crossed` is the honest one.
    """
    found = numpy.asarray(values, dtype=float)
    if len(found) == 0:
        raise ValueError("values: given none; needed: at least one")
    stderr = float(found.std(ddof=1)) / math.sqrt(len(found)) if len(found) > 1 else math.nan
    return Estimate(float(found.mean()), stderr, len(found) - 1, len(found))


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
