"""What triggers do to a run."""

from dataclasses import dataclass
from typing import Any, NamedTuple

from src.carrier.eraser.cells import Cell
from src.carrier.eraser.fit import Trigger
from src.intervene.engine.item_table import Arrays


class TriggerEnd(NamedTuple):
    """How the fit of a trigger went."""

    best_step: int
    """The optimizer step after which its vectors were kept, from 1."""
    largest_norm: float
    """Of its vectors."""
    steps: list[dict[str, Any]]
    """step, loss on its own prompts, and where it was looked at loss on those of the choice."""

    @classmethod
    def of_fit(cls, trigger: Trigger) -> "TriggerEnd":
        """What is told of a trigger."""
        return cls(trigger.best_step, float(trigger.vectors.norm(dim=1).max()), trigger.steps)


@dataclass(frozen=True)
class Erased:
    """What the triggers do to one run."""

    run: str
    density: float
    """Of its carrier."""
    base: Arrays
    """[item] scores of the base."""
    scores: dict[Cell, Arrays]
    triggers: dict[Cell, TriggerEnd]
