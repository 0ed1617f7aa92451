"""Correlations of observed profiles with the causal one, over other rows and seeds: both are made anew."""

from collections.abc import Mapping, Sequence

import numpy
from numpy import ndarray

from src.intervene.causal.predictors import FISHER, SLOPE, TARGETS
from src.intervene.quantity import Quantity
from src.statistics.redrawn_correlation import redrawn_interval, redraws, replicates


def redrawn(
    found: Sequence[Quantity], seen: Sequence[Mapping[str, ndarray]], blocks: Sequence[int]
) -> dict[tuple[str, str], tuple[float, float]]:
    """By predictor and target the ends of rho's interval over items and seeds, of these very blocks.

    What is made of the slopes at the base is drawn anew over the same items as the target. Every other
    profile is one number a run and block: a layer table keeps no rows and weights have none. It is drawn
    anew over seeds, and stays as it is over items.

    Args:
        found: quantities of the task.
        seen: profiles [block] of each run.
        blocks: those that training could change.
    """
    causal = {kind: table for kind in TARGETS if (table := _table(found, kind, blocks)) is not None}
    if not causal:
        return {}
    num_seeds, num_items = next(iter(causal.values())).shape[1:]
    drawn = redraws(num_seeds, num_items)
    sides = {name: replicates(one, drawn) for name, one in _observed(found, seen, blocks).items()}
    targets = {name: replicates(one, drawn) for name, one in causal.items()}
    return {
        (name, target): redrawn_interval(side, one, drawn)
        for name, side in sides.items()
        for target, one in targets.items()
    }


def _observed(
    found: Sequence[Quantity], seen: Sequence[Mapping[str, ndarray]], blocks: Sequence[int]
) -> dict[str, ndarray]:
    """By predictor a table [block, seed, item], or of one item."""
    names = [name for name in seen[0] if all(name in one for one in seen)] if seen else []
    tables = {
        name: numpy.stack([one[name][list(blocks)] for one in seen], axis=1)[..., None] for name in names
    }
    if (slopes := _table(found, SLOPE, blocks)) is not None:
        tables |= {SLOPE: slopes, FISHER: slopes**2}
    return {name: table for name, table in tables.items() if numpy.isfinite(table).all()}


def _table(found: Sequence[Quantity], kind: str, blocks: Sequence[int]) -> ndarray | None:
    """[block, seed, item]; None where a block was not asked for it."""
    values = {one.player: one.values for one in found if (one.score, one.kind) == ("logp", kind)}
    asked = [values.get(f"block {block}") for block in blocks]
    there = [one for one in asked if one is not None]
    return numpy.stack(there) if there and len(there) == len(asked) else None
