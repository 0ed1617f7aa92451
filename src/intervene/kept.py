"""What an analysis says item by item, kept beside its tables: they are made of it again without a model."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy

from src.intervene.engine.item_table import read_arrays, write_arrays
from src.intervene.quantity import Quantity

KEPT = "kept.npz"
_NAMES = "names"


def keep(folder: Path, rows: Sequence[Quantity]) -> None:
    """Write every quantity with its values [seed, item], in their order."""
    names = [[row.score, row.kind, row.player, row.share] for row in rows]
    scores = dict.fromkeys(row.score for row in rows)
    values = {one: numpy.stack([row.values for row in rows if row.score == one]) for one in scores}
    write_arrays(folder / KEPT, {_NAMES: numpy.array(json.dumps(names)), **values})


def read_kept(folder: Path) -> list[Quantity]:
    """What `keep` wrote, bit for bit."""
    values = read_arrays(folder / KEPT)
    names = json.loads(str(values.pop(_NAMES)))
    each = {score: iter(found) for score, found in values.items()}
    return [Quantity(score, kind, player, next(each[score]), share) for score, kind, player, share in names]
