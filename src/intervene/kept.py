"""What an analysis says item by item, kept beside its tables: they are made of it again without a model."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy
from numpy import ndarray

from src.intervene.engine.item_table import Arrays, read_arrays, write_arrays
from src.intervene.quantity import Quantity

KEPT = "kept.npz"
_NAMES = "names"


def keep(folder: Path, rows: Sequence[Quantity]) -> None:
    """Write every quantity with its values [seed, item], in their order."""
    names = [[row.score, row.kind, row.player, row.share] for row in rows]
    scores = dict.fromkeys(row.score for row in rows)
    values = {one: numpy.stack([row.values for row in rows if row.score == one]) for one in scores}
    write_kept(folder, _NAMES, names, values)


def read_kept(folder: Path) -> list[Quantity]:
    """What `keep` wrote, bit for bit."""
    names, values = load_kept(folder, _NAMES)
    each = {score: iter(found) for score, found in values.items()}
    return [Quantity(score, kind, player, next(each[score]), share) for score, kind, player, share in names]


def write_kept(folder: Path, name: str, told: Any, arrays: Mapping[str, ndarray]) -> None:
    """Write arrays, and under a name what is told of them, JSON-like."""
    write_arrays(folder / KEPT, {name: numpy.array(json.dumps(told)), **arrays})


def load_kept(folder: Path, name: str) -> tuple[Any, Arrays]:
    """What is told, and the arrays, as `write_kept` wrote them."""
    arrays = read_arrays(folder / KEPT)
    return json.loads(str(arrays.pop(name))), arrays
