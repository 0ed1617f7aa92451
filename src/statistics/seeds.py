"""Seeds as the unit: what another seed would give, on the same items."""

import math
from collections.abc import Mapping, Sequence

import numpy

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


def paired_by_seed(first: Mapping[int, float], second: Mapping[int, float]) -> Estimate:
    """Mean over common seeds of first - second; ValueError where no seed is common."""
    common = sorted(first.keys() & second.keys())
    if not common:
        raise ValueError(f"seeds: given {sorted(first)} and {sorted(second)}; needed: one in common")
    return over_seeds([first[seed] - second[seed] for seed in common])
