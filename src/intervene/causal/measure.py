"""The causal profile of one pair, measured into a folder; what is done there is not done again."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy
from numpy import ndarray

from src.config.intervention import CausalSettings
from src.intervene.causal.base_profiles import base_profiles, spectra_seconds
from src.intervene.causal.chosen_sets import chosen_sets
from src.intervene.causal.controls import Variants, add_updates, control_quantities, variants
from src.intervene.causal.hybrids import Hybrid, hybrids
from src.intervene.causal.predictors import observed
from src.intervene.causal.profile import (
    gain,
    path_quantities,
    patterns,
    profile_additivity,
    quantities,
)
from src.intervene.causal.regret import chosen_quantities, pattern_of, random_sets
from src.intervene.causal.whole_path import whole_path
from src.intervene.engine.cost import num_passes, num_readings, pace
from src.intervene.engine.gates import MovedParts
from src.intervene.engine.item_table import ItemTable, write_arrays
from src.intervene.engine.items import Items
from src.intervene.engine.memory import needed_bytes
from src.intervene.engine.path import NUM_NODES
from src.intervene.engine.scoring import EXACT
from src.intervene.engine.sharing import is_in_step
from src.intervene.engine.variants import score_patterns
from src.intervene.pair import Pair, trained_tensors, weights_key
from src.intervene.quantity import Quantity, over_seeds

NUM_GRADIENTS = NUM_NODES + 2
CONTROL_SEED = 0


@dataclass(frozen=True)
class Cost:
    """What the profile will take."""

    num_variants: int
    passes: float
    """Of the trunk, forward, in units of one pass of one variant over the rows of the task."""
    minutes: float
    """By the time that some rows of each score take."""
    num_bytes: int
    """Beside the model, at most."""


@dataclass(frozen=True)
class Found:
    """What one score says of one pair."""

    score: str
    rows: list[Quantity]
    additivity: float
    residual: float
    """Of the path's shares against the gain, as a part of it; NaN where no path was taken."""
    hybrids: list[Hybrid]
    """What the variants are like."""

    @property
    def num_off(self) -> int:
        """Variants that do worse than base and tuned model both."""
        return sum(one.below_both for one in self.hybrids)


class Measurement:
    """The profile of one pair.

    Args:
        pair: what is compared.
        chosen: what is asked.
        other: another finished run of the same arm, for the control that needs one.
        table: the folder of a run, for what its layer table says of the same blocks; None without one.
    """

    def __init__(
        self,
        pair: Pair,
        chosen: CausalSettings,
        other: Path | None = None,
        table: Path | None = None,
    ) -> None:
        self.pair, self.chosen, self.table = pair, chosen, table
        self.gates = pair.replay.gates
        self.by_block = chosen.players == "blocks"
        self.patterns = patterns(self.gates, self.by_block)
        self.controls: Variants = {}
        self.control_key = [pair.key, CONTROL_SEED, weights_key(other) if other else None]
        if chosen.controls and pair.sizes:
            add_updates(self.gates, CONTROL_SEED, trained_tensors(other) if other else None)
            self.controls = variants(self.gates, pair.sizes)
        self.moved = [part for part in self.gates.moved if isinstance(part, int)]
        self.random = random_sets(self.moved, pair.num_blocks, CONTROL_SEED) if chosen.regret else []

    def cost(self) -> Cost:
        """Counted on the variants; some rows are run for the time."""
        replay, scores = self.pair.replay, self.pair.scores
        further = [*self.controls.values(), *(pattern_of(self.gates, one) for one in self.random)]
        profile, controls = (num_passes(walked, self.pair.num_blocks) for walked in (self.patterns, further))
        read = num_readings(self.patterns)
        gradients = NUM_GRADIENTS if self.by_block else 0
        paces = [pace(replay, items, self.by_block) for items in scores]
        seconds = paces[0].seconds(scores[0], controls, num_readings(further))
        for items, one in zip(scores, paces, strict=True):
            seconds += one.seconds(items, profile, read, gradients)
        seconds += spectra_seconds(replay)
        states = self.pair.num_blocks + 2  # what a pass back keeps is counted on weights that are whole
        held = max(needed_bytes(replay, items, states, not is_in_step()) for items in self.pair.scores)
        return Cost(len(self.patterns) + len(further), profile + controls, seconds / 60, held)

    @cached_property
    def seen(self) -> dict[str, ndarray]:
        """Profiles [block] seen without intervening: of the base, of the update, of the layer table."""
        blocks = range(self.pair.num_blocks)
        moved = numpy.array([self.pair.sizes.get(block, 0.0) for block in blocks])
        found = base_profiles(self.pair.replay, self.pair.scores[0]) | {"weight_change": moved}
        found |= observed(self.table, len(blocks)) if self.table else {}
        return {name: numpy.asarray(values, dtype=float) for name, values in found.items()}

    def ends(self, items: Items, folder: Path) -> Quantity:
        """The gain in one score, which is known first."""
        table = score_patterns(self.pair.replay, items, [], folder / items.score / "ends", self.pair.key)
        return gain(self.gates, table, items.score)

    def found(self, items: Items, folder: Path, done: Callable[[], object] = lambda: None) -> list[Found]:
        """Every variant and the path in one score; `done` is called after every batch of either.

        Of the task also what else is asked of it: controls, chosen blocks, completions that are right.
        """
        replay, score, key = self.pair.replay, items.score, self.pair.key
        folder = folder / score
        table = score_patterns(replay, items, self.patterns, folder / "variants", key, done)
        table.write(folder / "items.npz")
        rows = list(quantities(self.gates, table, score, self.by_block))
        residual = math.nan
        if self.by_block:
            path, residual = whole_path(replay, items, folder, key, float(rows[0].values.mean()), done)
            write_arrays(folder / "path.npz", path)
            rows += path_quantities(self.gates, path, score)
        additivity = profile_additivity(self.gates, table, score)
        mixtures = list(hybrids(self.gates, table, score))
        if items is not self.pair.scores[0]:
            return [Found(score, rows, additivity, residual, mixtures)]
        if self.controls:
            made = list(self.controls.values())
            controlled = score_patterns(replay, items, made, folder / "controls", self.control_key, done)
            controlled.write(folder / "controls.npz")
            rows += control_quantities(self.gates, controlled, score, self.controls)
        if self.random:
            rows += self._of_chosen(rows, items, folder, done)
        found = [Found(score, rows, additivity, residual, mixtures)]
        exact = [exact_found(self.gates, table, self.by_block)] if EXACT in self.chosen.scores else []
        return [*found, *exact]

    def _of_chosen(
        self, rows: Sequence[Quantity], items: Items, folder: Path, done: Callable[[], object]
    ) -> Iterator[Quantity]:
        sets = chosen_sets(rows, self.seen, self.moved, self.pair.num_blocks)
        asked = [pattern_of(self.gates, one) for one in [*sets.values(), *self.random]]
        table = score_patterns(self.pair.replay, items, asked, folder / "chosen", self.pair.key, done)
        table.write(folder / "chosen.npz")
        yield from chosen_quantities(self.gates, table, items.score, sets, self.random)


def exact_found(gates: MovedParts, table: ItemTable, by_block: bool) -> Found:
    """The score `exact`: a completion is written right where every token of it is the likeliest."""
    table = table.exact()
    rows = list(quantities(gates, table, EXACT, by_block))
    return Found(EXACT, rows, profile_additivity(gates, table, EXACT), math.nan, [])


def over_runs(found: Sequence[Sequence[Found]]) -> list[Quantity]:
    """The quantities of several runs of one arm, in the scores that all of them have."""
    scores = set.intersection(*({one.score for one in mine} for mine in found))
    return over_seeds([[row for one in mine if one.score in scores for row in one.rows] for mine in found])
