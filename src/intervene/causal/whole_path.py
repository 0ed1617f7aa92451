"""The path by as many nodes as it takes for the shares of all parts to add up to the gain."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from src.intervene.engine.item_table import Arrays
from src.intervene.engine.items import Items
from src.intervene.engine.path import NUM_NODES, path_gradients
from src.intervene.engine.replay import Replay

MOST_RESIDUAL = 0.01
"""Of the gain: what the shares of the path may lack."""
MORE_NODES = (16, 32)
"""Of the quadrature, in turn, where the shares lack more: the score bends too much for fewer."""


def whole_path(
    replay: Replay, items: Items, folder: Path, key: Any, change: float, done: Callable[[], object]
) -> tuple[Arrays, float]:
    """What `path_gradients` finds, and what its shares lack (below 0) or have too much, over `change`.

    Args:
        replay: the model under its gates.
        items: what is scored.
        folder: of the run and score; each number of nodes has one below it.
        key: the weights of both sides.
        change: the mean over items of what all parts bring together.
        done: called after every batch of the first nodes, which are the ones that were announced.
    """
    path, residual = _with(NUM_NODES, replay, items, folder / "path", key, change, done)
    for nodes in MORE_NODES:
        if abs(residual) <= MOST_RESIDUAL:
            break
        place = folder / f"path-{nodes}"
        path, residual = _with(nodes, replay, items, place, key, change, lambda: None)
    return path, residual


def _with(
    nodes: int,
    replay: Replay,
    items: Items,
    folder: Path,
    key: Any,
    change: float,
    done: Callable[[], object],
) -> tuple[Arrays, float]:
    path = path_gradients(replay, items, folder, key, nodes, done)
    return path, residual_of(path, change)


def residual_of(path: Arrays, change: float) -> float:
    """What the shares of a path lack of the gain or have too much, as a part of it."""
    return (float(path["share"].sum(axis=1).mean()) - change) / change
