"""A change by layer as a change by block: state metrics at layer b + 1 belong to block b."""

from collections.abc import Mapping
from itertools import pairwise

from src.metrics.catalog import METRICS


def block_changes(found: Mapping[int, float], metric: str, levels: bool = False) -> list[float]:
    """One amount of change a block.

    Args:
        found: values of the stage change by layer, of all layers that the metric has.
        metric: an amount of change, or a similarity (1 - value is its change). One of weights belongs to its
            block already. One of states adds up over depth: a block's own part is what it adds to the layer
            before, which may be below 0.
        levels: of a metric of states, the change at the block's output itself.
    """
    of = METRICS[metric]
    amounts = [1 - found[layer] if of.change == "similarity" else found[layer] for layer in sorted(found)]
    if of.needs in ("weights", "matrices"):
        return amounts
    return amounts[1:] if levels else [after - before for before, after in pairwise(amounts)]
