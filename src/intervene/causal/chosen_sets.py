"""Which blocks each profile would choose: those that bring most alone, and those where it is largest."""

import math
from collections.abc import Mapping, Sequence

import numpy
from numpy import ndarray

from src.intervene.causal.predictors import TOP_HALF, profiles
from src.intervene.causal.regret import BEST, top
from src.intervene.quantity import Quantity


def chosen_sets(
    found: Sequence[Quantity], seen: Mapping[str, ndarray], moved: Sequence[int], num_blocks: int
) -> dict[str, frozenset[int]]:
    """A fifth of the blocks by each profile that is known of all of them.

    Args:
        found: quantities of the task, of one run.
        seen: profiles [block] of that run.
        moved: blocks that tuning changed.
        num_blocks: of the model.
    """
    alone = [one for one in found if one.kind == "alone" and one.player.startswith("block ")]
    sides = {BEST: numpy.array([one.estimate.value for one in alone])}
    for name, values in profiles(found, seen, moved).items():
        sides[name] = numpy.full(num_blocks, -math.inf)
        sides[name][list(moved)] = values
    return {
        name: top(one, moved)
        for name, one in sides.items()
        if name != TOP_HALF and not numpy.isnan(one).any()  # a half has no order, and is no fifth
    }
