"""Mixtures on the plane of task and English: better only where they beat the uniform share of equal gain."""

from collections.abc import Sequence

from src.intervene.quantity import Quantity
from src.statistics.frontier import Point, frontier
from src.statistics.matched import Tradeoff

UNIFORM, MIXTURE = "uniform", "mixture"
"""The curve of one share for all, by share; other mixtures, by name."""


def merge_frontier(rows: Sequence[Quantity]) -> list[Point]:
    """Of all runs together, which differ by seed; empty where no English was scored.

    Gained is logp of the task over the base's, kept the nats a byte of English that were not lost (below 0:
    forgotten).
    """
    found = {(row.score, row.kind, row.player): row.values for row in rows}
    plans = {
        kind: {
            player: Tradeoff(values, -found["english", kind, player])
            for (score, own, player), values in found.items()
            if (score, own) == ("logp", kind) and ("english", kind, player) in found
        }
        for kind in (UNIFORM, MIXTURE)
    }
    if not plans[UNIFORM]:
        return []
    return frontier(UNIFORM, {float(share): one for share, one in plans[UNIFORM].items()}, plans[MIXTURE])
