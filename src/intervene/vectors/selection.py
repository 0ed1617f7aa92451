"""A best variant that is chosen on other items than those it is told of."""

from collections.abc import Sequence

import numpy
from numpy import ndarray

from src.intervene.vectors.variants import PushTable


def halves(num_items: int) -> ndarray:
    """[item], 0 or 1: every second item."""
    return numpy.arange(num_items) % 2


def chosen_apart(table: PushTable, names: Sequence[str]) -> tuple[str, str]:
    """For each half the name whose mean logp on the other half is the highest; the first of equal ones."""
    half = halves(len(table.ids))

    def best_on(place: int) -> str:
        return max(names, key=lambda name: float(table.of("logp", name)[half == place].mean()))

    return best_on(1), best_on(0)


def read_apart(table: PushTable, names: Sequence[str], score: str) -> ndarray:
    """[item] change against the base, each item under the name of its half."""
    half = halves(len(table.ids))
    return numpy.where(half == 0, table.change(score, names[0]), table.change(score, names[1]))
