"""What triggers do to a run."""

from dataclasses import dataclass

from src.carrier.eraser.cells import Cell
from src.carrier.eraser.fit import Trigger
from src.intervene.engine.item_table import Arrays


@dataclass(frozen=True)
class Erased:
    """What the triggers do to one run."""

    run: str
    density: float
    """Of its carrier."""
    base: Arrays
    """[item] scores of the base."""
    scores: dict[Cell, Arrays]
    triggers: dict[Cell, Trigger]
