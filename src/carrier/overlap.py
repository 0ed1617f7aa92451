"""How far carriers of two seeds agree, and how far random ones of their sizes would."""

from collections.abc import Mapping

import numpy
from numpy import ndarray
from scipy.stats import hypergeom

from src.carrier.groups import Group


def overlap(first: Mapping[Group, ndarray], second: Mapping[Group, ndarray]) -> tuple[float, float]:
    """Jaccard index of the masks that are on, and its mean for random places; both means over groups.

    Both are [mask] bool by group. A group in which neither has any on says nothing and is left out; NaN where
    that is all of them.
    """
    found = []
    for group, one in first.items():
        other = second[group]
        union = int((one | other).sum())
        if union:
            expected = expected_jaccard(len(one), int(one.sum()), int(other.sum()))
            found.append((int((one & other).sum()) / union, expected))
    if not found:
        return numpy.nan, numpy.nan
    jaccard, expected = numpy.mean(found, axis=0)
    return float(jaccard), float(expected)


def expected_jaccard(size: int, first: int, second: int) -> float:
    """Of two random subsets of a set: common elements are hypergeometric."""
    common = numpy.arange(max(0, first + second - size), min(first, second) + 1)
    return float((hypergeom.pmf(common, size, first, second) * common / (first + second - common)).sum())
