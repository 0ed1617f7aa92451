"""Arms at their best learning rate, the rate of a seed chosen on the other seeds."""

from collections import Counter
from dataclasses import dataclass

import numpy

from src.analysis.arm_scores import Answers, ArmScores, TaskScores

RATE = "train.learning_rate"
_NONE = "-"  # of two checkpoints that are compared


@dataclass
class AtBest:
    """Arms that differ in the rate alone, as one."""

    first: ArmScores
    """Any of them: for what they share."""
    rates: list[str]
    """Those that ran on every seed, from the lowest."""
    chosen: Counter[str]
    """How many seeds each rate was chosen for."""
    tuned: dict[int, Answers]
    """By seed, at its chosen rate; empty with one seed, which leaves no other to choose on."""


def at_best(task: TaskScores) -> list[AtBest]:
    """Every arm of a task at its best rate; empty where no arm ran at several.

    The score of a seed is that of the rate whose mean over the other seeds is best: a rate chosen on the
    seeds that it is scored on would look better than it is, the more so the more rates there are.
    """
    groups: dict[tuple[tuple[str, str], ...], list[ArmScores]] = {}
    for one in task.arms:
        if one.arm.factors.get(RATE, _NONE) == _NONE:
            continue
        key = tuple(pair for pair in one.arm.factors.items() if pair[0] != RATE)
        groups.setdefault(key, []).append(one)
    found = [_choose(arms, -1 if task.higher_is_better is False else 1) for arms in groups.values()]
    return found if any(len(one.rates) > 1 for one in found) else []


def _choose(arms: list[ArmScores], sign: int) -> AtBest:
    arms = sorted(arms, key=lambda one: float(one.arm.factors[RATE]))
    seeds = sorted(set.intersection(*(set(one.tuned) for one in arms)))
    by_rate = {one.arm.factors[RATE]: one.tuned for one in arms}
    chosen, tuned = Counter(), {}
    for seed in seeds if len(seeds) > 1 else []:
        others = [other for other in seeds if other != seed]
        means = {
            rate: sign * float(numpy.mean([side[s].value for s in others])) for rate, side in by_rate.items()
        }
        best = max(means, key=means.__getitem__)  # of equals the lowest rate
        chosen[best] += 1
        tuned[seed] = by_rate[best][seed]
    return AtBest(arms[0], list(by_rate), chosen, tuned)
