"""What arms gain on the task and keep of other abilities, and which keeps more where it gains as much.

A curve is one arm at several strengths, such as a penalty at several weights. Every curve is held against all
arms that are not on it: at an equal gain in the trained task, and at an equal size of the update.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy

from src.analysis.answers import table_of
from src.analysis.arm_scores import ArmScores, TaskScores
from src.analysis.arms import Arm
from src.analysis.forgetting import other_abilities
from src.analysis.material import Material
from src.analysis.own_task import is_trained
from src.statistics.frontier import Point, frontier
from src.statistics.matched import Tradeoff

STRENGTHS = ("method.penalty_weight", "train.learning_rate", "train.max_steps", "train.epochs")
"""Numbers that make an arm stronger or weaker; arms that differ in one of them are a curve."""
_PENALTY, _NONE = "method.penalty", "none"
SIZE = "size of the update"


@dataclass(frozen=True)
class ArmFrontier:
    """One curve and the arms against it."""

    curve: str
    gained: str
    """The task, or `SIZE`: mean over blocks of ||update|| / ||weights||."""
    kept: str
    points: list[Point]


def arm_frontiers(material: Material) -> list[ArmFrontier]:
    """Every curve for every other ability; none where no arm was run at two strengths."""
    trained = next((one for one in material.scores if _trained(one)), None)
    if trained is None:
        return []
    mine = {id(one.arm): one for one in trained.arms if one.base}
    found = []
    for task, arms in other_abilities(material):
        kept = {id(one.arm): one for one in arms}
        both = [one.arm for one in trained.arms if id(one.arm) in kept and id(one.arm) in mine]
        gains = {id(arm): _change(mine[id(arm)], trained.higher_is_better) for arm in both}
        keeps = {id(arm): _change(kept[id(arm)], task.higher_is_better) for arm in both}
        sides = {
            trained.label: _Sides(gains, keeps),
            SIZE: _Sides({id(arm): _sizes(arm) for arm in both}, keeps),
        }
        for name, curve in curves(both).items():
            for what, one in sides.items():
                if points := _points(name, curve, both, one):
                    found.append(ArmFrontier(name, what, task.label, points))
    return found


BySeed = Mapping[int, numpy.ndarray]


@dataclass(frozen=True)
class _Sides:
    """What every arm gains and keeps, by its identity."""

    gained: Mapping[int, BySeed]
    kept: Mapping[int, BySeed]
    _made: dict[tuple[int, tuple[int, ...]], Tradeoff] = field(default_factory=dict)

    def seeds(self, arm: Arm) -> set[int]:
        """Those that have both."""
        return set(self.gained[id(arm)]) & set(self.kept[id(arm)])

    def of(self, arm: Arm, seeds: tuple[int, ...]) -> Tradeoff:
        """Of some seeds; made once, for all curves that have them."""
        key = (id(arm), seeds)
        if key not in self._made:
            sides = (
                numpy.stack([side[id(arm)][seed] for seed in seeds]) for side in (self.gained, self.kept)
            )
            self._made[key] = Tradeoff(*sides)
        return self._made[key]


def curves(arms: Sequence[Arm]) -> dict[str, dict[float, Arm]]:
    """Arms that differ in one strength alone, by that strength; a penalty begins with the arm without one."""
    found: dict[str, dict[float, Arm]] = {}
    for strength in STRENGTHS:
        for arm in arms:
            if strength not in arm.factors:
                continue
            if strength == STRENGTHS[0] and arm.factors.get(_PENALTY, _NONE) == _NONE:
                continue
            varied = strength.rpartition(".")[2].replace("_", " ")
            curve = found.setdefault(f"{varied} of {_without(arm, strength)}", {})
            curve[float(arm.factors[strength])] = arm
    found = {name: curve for name, curve in found.items() if len(curve) > 1}
    for curve in found.values():
        start = next((arm for arm in arms if _is_start(arm, next(iter(curve.values())))), None)
        if start is not None:
            curve[0.0] = start
    return found


def _points(name: str, curve: Mapping[float, Arm], arms: Sequence[Arm], sides: _Sides) -> list[Point]:
    """Over the seeds that all of the curve have; arms that lack one of them are left out."""
    seeds = set.intersection(*map(sides.seeds, curve.values()))
    if not seeds:
        return []
    on_it, wanted = {id(arm) for arm in curve.values()}, tuple(sorted(seeds))
    others = [arm for arm in arms if id(arm) not in on_it and seeds <= sides.seeds(arm)]
    return frontier(
        name,
        {strength: sides.of(arm, wanted) for strength, arm in curve.items()},
        {arm.label(list(arm.factors)): sides.of(arm, wanted) for arm in others},
    )


def _change(scores: ArmScores, higher_is_better: bool | None) -> dict[int, numpy.ndarray]:
    """After minus before by seed [item], turned so that more is better; seeds without known items lack."""
    sign = -1.0 if higher_is_better is False else 1.0
    found = {}
    for seed in scores.tuned.keys() & scores.base.keys():
        after, before = (table_of({seed: one}) for one in (scores.tuned[seed], scores.base[seed]))
        if after is not None and before is not None and after.shape == before.shape:
            found[seed] = sign * (after[0] - before[0])
    return found


def _sizes(arm: Arm) -> dict[int, numpy.ndarray]:
    """By seed [1]; seeds whose layer table has no weight change lack."""
    found = {}
    for seed, run in arm.runs.items():
        series = run.series.get(("weight_change", "change"))
        if series is not None and (known := series.value[numpy.isfinite(series.value)]).size:
            found[seed] = numpy.array([known.mean()])
    return found


def _trained(task: TaskScores) -> bool:
    return bool(task.arms) and is_trained(task.arms[0].arm.first, task.task)


def _without(arm: Arm, strength: str) -> str:
    """The arm without a strength, in words."""
    return arm.label([name for name in arm.factors if name != strength])


def _is_start(arm: Arm, other: Arm) -> bool:
    """Whether it is the other without its penalty."""
    if other.factors.get(_PENALTY, _NONE) == _NONE or arm.factors.get(_PENALTY, _NONE) != _NONE:
        return False
    return arm.beside((_PENALTY,)) == other.beside((_PENALTY,))
