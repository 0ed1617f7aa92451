"""Mixtures on the plane of task and English: better only where they beat the uniform share of equal gain."""

from collections.abc import Mapping, Sequence

import numpy

from src.intervene.engine.gates import Gates, Pattern
from src.intervene.engine.item_table import ItemTable
from src.intervene.merge.plans import uniform_curve
from src.statistics.frontier import Point, frontier
from src.statistics.matched import Tradeoff

UNIFORM = "uniform"
Tradeoffs = tuple[Mapping[float, Tradeoff], Mapping[str, Tradeoff]]
"""The uniform curve by share, and other mixtures by name."""


def tradeoffs(gates: Gates, plans: Mapping[str, Pattern], task: ItemTable, english: ItemTable) -> Tradeoffs:
    """Of one run: logp of the task over the base's, and nats a byte of English kept (below 0: forgotten)."""

    def of(pattern: Pattern) -> Tradeoff:
        gained = task.of("logp", pattern) - task.of("logp", gates.base)
        kept = english.of("english", gates.base) - english.of("english", pattern)
        return Tradeoff(gained[None], kept[None])

    curve = {share: of(pattern) for share, pattern in uniform_curve(gates).items()}
    return curve, {name: of(pattern) for name, pattern in plans.items()}


def merge_frontier(runs: Sequence[Tradeoffs]) -> list[Point]:
    """Of all runs together, which differ by seed."""
    curves, others = zip(*runs, strict=True)
    curve = {share: _together([one[share] for one in curves]) for share in curves[0]}
    return frontier(UNIFORM, curve, {name: _together([one[name] for one in others]) for name in others[0]})


def _together(runs: Sequence[Tradeoff]) -> Tradeoff:
    return Tradeoff(
        numpy.concatenate([one.gained for one in runs]), numpy.concatenate([one.kept for one in runs])
    )
