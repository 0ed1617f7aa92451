"""What a planned study could tell: the least difference it would find, and the seeds that a claim needs."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from src.analysis.answers import Answers, table_of, weighted
from src.analysis.arm_scores import TaskScores, read_scores
from src.analysis.claims import corrected_target
from src.analysis.contrasts import contrasts
from src.analysis.experiment import Experiment, read_study
from src.analysis.references import Published, load_references
from src.config.rules import refuse
from src.errors import DataError
from src.statistics.claim import SIGN_LEVEL
from src.statistics.estimate import LEVEL
from src.statistics.power import (
    Components,
    components,
    detectable,
    mean_components,
    nested_components,
    seeds_needed,
)


class Effect(NamedTuple):
    """A difference that a study should tell from 0."""

    name: str
    value: float
    """Of a claim: after the correction for how it was chosen."""
    level: float
    """Two-sided error of its test, corrected for how many are declared."""
    claim: Published | None = None
    """What declares it; None of a stated difference."""


@dataclass(frozen=True)
class Plan:
    """The size of a study."""

    num_arms: int
    """Trained arms that scatter alike over seeds; 2: those compared, by themselves."""
    num_seeds: int
    num_items: int

    @property
    def freedom(self) -> int:
        """Degrees of freedom behind the scatter over seeds."""
        return (self.num_seeds - 1) * max(self.num_arms - 1, 1)


class Told(NamedTuple):
    """What a plan says of one effect."""

    effect: Effect
    least: float
    """The smallest true difference that the plan finds with 80 % power."""
    seeds: int | None
    """The fewest that find the effect with these items; None: no number does."""
    seeds_confirming: int | None
    """The fewest that also find half of it, as *confirmed* asks."""

    @property
    def answer(self) -> str:
        """yes, no, or never: whether the plan tells the effect from 0."""
        if self.least <= abs(self.effect.value):
            return "yes"
        return "never with these items" if self.seeds is None else "no"


def tell(plan: Plan, parts: Components, effects: Sequence[Effect]) -> list[Told]:
    """Each effect under a plan of at least 2 seeds."""
    return [
        Told(
            effect,
            detectable(parts, plan.num_seeds, plan.num_items, effect.level, freedom=plan.freedom),
            _seeds(effect.value, plan, parts, effect.level),
            _seeds(effect.value / 2, plan, parts, effect.level),
        )
        for effect in effects
    ]


def _seeds(value: float, plan: Plan, parts: Components, level: float) -> int | None:
    return seeds_needed(value, parts, plan.num_items, level, num_arms=plan.num_arms) if value else None


def declared_effects() -> list[Effect]:
    """Every declared claim with a value and its kind of measure, a difference of two shares."""
    found = []
    for one in load_references():
        if one.claim is None or one.number.measure["kind"] != "difference" or one.number.value is None:
            continue
        target = corrected_target(one, one.claim)
        value = one.number.value if target is None else target.value
        level = SIGN_LEVEL / len(one.reference.claims)
        left = value if value * one.number.value > 0 else 0.0  # nothing is left to be found
        found.append(Effect(f"{one.reference.title}: {one.number.name.replace('_', ' ')}", left, level, one))
    return found


def stated_effect(value: float, num_arms: int) -> Effect:
    """One difference among all arms against one baseline, at the first step of Holm's procedure."""
    return Effect(f"a difference of {value:g}", value, LEVEL / max(num_arms - 1, 1))


def components_of(folder: Path, task: str | None = None) -> tuple[Components, int, str]:
    """Variance components of a finished study, the mean over its contrasts with the whole stack.

    Returns:
        The components, the number of items, and which score. Where each seed has test items of its own, what
        items add is no part by itself.

    Raises:
        DataError: no score has two seeds with known items on both sides.
        ConfigError: there is no such task.
    """
    study = read_study(folder)
    every = read_scores(study)
    if task is not None and task not in [one.task for one in every]:
        refuse("--task", task, ", ".join(dict.fromkeys(one.task for one in every)) or "no score was found")
    for one in (one for one in every if task in (None, one.task)):
        pairs = _pairs(study, one)
        if pairs:
            num_items = min(each.n for pair in pairs for each in pair.values())
            return mean_components([_components(pair) for pair in pairs]), num_items, one.label
    raise DataError(f"{folder}: no contrast of two seeds or more with known items; give --components instead")


def _pairs(study: Experiment, scores: TaskScores) -> list[dict[int, Answers]]:
    """Differences to the baseline by seed, of the contrasts that have them item by item at two seeds."""
    sides = {id(one.arm): one.tuned for one in scores.arms}
    found = []
    for one in contrasts(study, scores):
        if one.arm is not None:
            both = weighted([sides[id(arm)] for arm in (one.arm, one.baseline)], (1, -1))
            if len(both) > 1 and all(
                each.items is not None and len(each.items) > 1 for each in both.values()
            ):
                found.append(both)
    return found


def _components(pair: dict[int, Answers]) -> Components:
    """Where all seeds answered the same items those are a part of their own."""
    table = table_of(pair)
    if table is not None:
        return components(table)
    return nested_components([one.items for one in pair.values() if one.items is not None])
