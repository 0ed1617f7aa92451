"""Two runs, the same items, right or wrong: McNemar's exact test."""

from functools import cache
from typing import NamedTuple

import numpy
from scipy.special import bdtr


class McNemar(NamedTuple):
    """The items on which two runs disagree."""

    only_first: int
    """Items that the first run alone got right."""
    only_second: int
    pvalue: float
    """Two-sided, exact: given the number of disagreements, each falls either way with probability 1/2."""


def mcnemar_exact(first: numpy.ndarray, second: numpy.ndarray) -> McNemar:
    """Of two vectors of 0 and 1 over the same items, in the same order; p is 1 without a disagreement.

    Items alone are the unit: two runs of one seed each may differ for no other reason than the seed.

    Raises:
        ValueError: the vectors differ in length or hold other numbers.
    """
    first, second = numpy.asarray(first), numpy.asarray(second)
    if first.shape != second.shape or not numpy.isin([first, second], (0, 1)).all():
        raise ValueError("items: needed: two vectors of 0 and 1 of one length")
    one, other = int(((first == 1) & (second == 0)).sum()), int(((first == 0) & (second == 1)).sum())
    return McNemar(one, other, _pvalue(one, one + other) if one + other else 1.0)


@cache
def _pvalue(one: int, both: int) -> float:
    """Twice the smaller tail. Computed once: two counts come again and again where many runs are compared.

    scipy.stats has the same number, and takes half a second to come.
    """
    return min(1.0, 2 * float(bdtr(min(one, both - one), both, 0.5)))
