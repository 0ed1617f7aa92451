"""The causal profile of one pair, measured into a folder; what is done there is not done again."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from src.intervene.causal.controls import Variants, add_updates, control_quantities, variants
from src.intervene.causal.profile import (
    gain,
    off_manifold,
    path_quantities,
    patterns,
    profile_additivity,
    quantities,
)
from src.intervene.engine.cost import num_passes, seconds_a_token
from src.intervene.engine.items import Items
from src.intervene.engine.memory import needed_bytes
from src.intervene.engine.path import NUM_NODES, path_gradients
from src.intervene.engine.variants import score_patterns
from src.intervene.pair import Pair, trained_tensors, weights_key
from src.intervene.quantity import UNITS, Quantity

NUM_GRADIENTS = NUM_NODES + 2
CONTROL_SEED = 0


@dataclass(frozen=True)
class Cost:
    """What the profile will take."""

    num_variants: int
    passes: float
    """Of the trunk, forward, in units of one pass of one variant over the rows of the task."""
    minutes: float
    """By the time that one variant of the first batch takes; of all scores."""
    num_bytes: int
    """Beside the model, at most."""


@dataclass(frozen=True)
class Found:
    """What one score says of one pair."""

    score: str
    rows: list[Quantity]
    additivity: float
    residual: float
    """Of the path's shares against the gain, as a part of it."""
    num_off: int
    """Variants that score below base and tuned model."""


class Measurement:
    """The profile of one pair.

    Args:
        pair: what is compared.
        controls: whether the controls are run.
        other: another finished run of the same arm, for the control that needs one.
    """

    def __init__(self, pair: Pair, controls: bool = False, other: Path | None = None) -> None:
        self.pair, self.gates = pair, pair.replay.gates
        self.patterns = patterns(self.gates)
        self.controls: Variants = {}
        self.control_key = [pair.key, CONTROL_SEED, weights_key(other) if other else None]
        if controls and pair.sizes:
            add_updates(self.gates, CONTROL_SEED, trained_tensors(other) if other else None)
            self.controls = variants(self.gates, pair.sizes)

    def cost(self) -> Cost:
        """Counted on the variants; a batch is run for the time."""
        replay, (task, *_) = self.pair.replay, self.pair.scores
        profile, controls = (
            num_passes(walked, self.pair.num_blocks)
            for walked in (self.patterns, list(self.controls.values()))
        )
        seconds = seconds_a_token(replay, task.batches[0])
        seconds *= task.num_tokens * controls + sum(
            items.num_tokens * (profile + 3 * NUM_GRADIENTS) for items in self.pair.scores
        )
        held = max(needed_bytes(replay, items, self.pair.num_blocks + 2) for items in self.pair.scores)
        num_variants = len(self.patterns) + len(self.controls)
        return Cost(num_variants, profile + controls, seconds / 60, held)

    def ends(self, items: Items, folder: Path) -> Quantity:
        """The gain in one score, which is known first."""
        table = score_patterns(self.pair.replay, items, [], folder / items.score / "ends", self.pair.key)
        return gain(self.gates, table, items.score)

    def found(self, items: Items, folder: Path, done: Callable[[], object] = lambda: None) -> Found:
        """Every variant and the path in one score; `done` is called after every batch of either."""
        replay, score, key = self.pair.replay, items.score, self.pair.key
        folder = folder / score
        table = score_patterns(replay, items, self.patterns, folder / "variants", key, done)
        table.write(folder / "items.npz")
        path = path_gradients(replay, items, folder / "path", key, done=done)
        additivity = profile_additivity(self.gates, table, score)
        off = off_manifold(self.gates, table, score)
        rows = [
            *quantities(self.gates, table, score),
            *path_quantities(self.gates, path, score),
        ]
        if self.controls and items is self.pair.scores[0]:  # they are asked about the task alone
            made = list(self.controls.values())
            table = score_patterns(replay, items, made, folder / "controls", self.control_key, done)
            table.write(folder / "controls.npz")
            rows += control_quantities(self.gates, table, score, self.controls)
        change = float(rows[0].values.mean())
        residual = (float(path["share"].sum(axis=1).mean()) - change) / change
        return Found(score, rows, additivity, residual, len(off))


def no_gain(found: Quantity) -> str:
    """Why there is nothing to share out: the interval of the gain holds 0. Empty where it does not."""
    low, high = found.estimate.interval()
    if low > 0 or high < 0:
        return ""
    unit = UNITS[found.score]
    given = f"{found.estimate.value:.3g} {unit} ({low:.3g} to {high:.3g})"
    return f"no profile of {found.score}: given a gain of {given}; needed: one whose interval leaves 0 out"
