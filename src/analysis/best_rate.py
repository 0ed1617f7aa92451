"""Arms at their best learning rate, chosen on validation rows, or on the other seeds where there are none."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy

from src.analysis.answers import Answers, difference, mean_of
from src.analysis.arm_scores import ArmScores, TaskScores, scatter_between, share_scatter
from src.analysis.arms import WHOLE
from src.analysis.families import Row, Tested, ends_row, tested_together
from src.analysis.material import Material
from src.statistics.estimate import Estimate

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


def at_best(task: TaskScores, validation: TaskScores | None = None) -> list[AtBest]:
    """Every arm of a task at its best rate; empty where no arm ran at several.

    With scores on validation rows: the rate whose mean over seeds is best there, one for all seeds. Without:
    the score of a seed is that of the rate whose mean over the other seeds is best. A rate chosen on the very
    answers that it is scored on would look better than it is, the more so the more rates there are.
    """
    groups: dict[tuple[tuple[str, str], ...], list[ArmScores]] = {}
    for one in task.arms:
        if one.arm.factors.get(RATE, _NONE) == _NONE:
            continue
        key = tuple(pair for pair in one.arm.factors.items() if pair[0] != RATE)
        groups.setdefault(key, []).append(one)
    by_arm = {id(one.arm): one.tuned for one in validation.arms} if validation else {}
    judge = validation or task
    sign = -1 if judge.higher_is_better is False else 1
    found = [_choose(arms, by_arm, sign) for arms in groups.values()]
    return found if any(len(one.rates) > 1 for one in found) else []


def _choose(arms: list[ArmScores], validation: dict[int, dict[int, Answers]], sign: int) -> AtBest:
    arms = sorted(arms, key=lambda one: float(one.arm.factors[RATE]))
    apart = {one.arm.factors[RATE]: validation.get(id(one.arm), {}) for one in arms}
    seeds = sorted(set.intersection(*(set(one.tuned) for one in arms)))
    by_rate = {one.arm.factors[RATE]: one.tuned for one in arms}
    known = all(side.keys() >= set(seeds) for side in apart.values())
    chosen: Counter[str] = Counter()
    tuned: dict[int, Answers] = {}
    for seed in seeds if known or len(seeds) > 1 else []:
        best = _best(apart, seeds, sign) if known else _best(by_rate, set(seeds) - {seed}, sign)
        chosen[best] += 1
        tuned[seed] = by_rate[best][seed]
    return AtBest(arms[0], list(by_rate), chosen, tuned)


def _best(by_rate: Mapping[str, Mapping[int, Answers]], seeds: Collection[int], sign: int) -> str:
    """The rate with the best mean over some seeds; of equals the lowest."""
    means = {rate: sign * float(numpy.mean([side[s].value for s in seeds])) for rate, side in by_rate.items()}
    return max(means, key=means.__getitem__)


def rate_rows(material: Material) -> list[Row]:
    """A row a task, condition and arm: its score at its best rate, and against the whole stack at its own."""
    rows = []
    for task in material.scores:
        conditions: dict[str, list[AtBest]] = {}
        for one in at_best(task, material.validation):
            conditions.setdefault(material.study.condition(one.first.arm, RATE), []).append(one)
        for condition, found in conditions.items():
            rows += [{"task": task.label, "condition": condition} | row for row in _family(found)]
    return rows


def _family(found: list[AtBest]) -> list[Row]:
    """The arms of a condition, each against the whole stack; what has no seed in common is not tested."""
    found = sorted(found, key=lambda one: one.first.arm.order)
    whole = next((one for one in found if _is_whole(one)), None)
    others = [one for one in found if whole is not None and one is not whole]
    scores = {id(one): ArmScores(one.first.arm, tuned=one.tuned) for one in found}
    share_scatter(list(scores.values()))
    gaps = [_difference(scores[id(one)], scores[id(whole)]) for one in others]
    tested = {id(one): test for one, test in zip(others, tested_together(gaps), strict=True)}
    return [_row(one, tested.get(id(one))) for one in found]


def _difference(first: ArmScores, second: ArmScores) -> Estimate:
    return difference(first.tuned, second.tuned, scatter_between([first, second]))


def _row(one: AtBest, test: Tested | None) -> Row:
    score = mean_of(one.tuned)
    rates = ", ".join(f"{rate}: {one.chosen[rate]}" for rate in one.rates)
    row = {"band": one.first.arm.band, "rates": rates, "score": score.value}
    known = test.row if test and test.estimate.num_seeds else {}
    return row | ends_row("score", score.interval()) | known


def _is_whole(one: AtBest) -> bool:
    return one.first.arm.band == WHOLE and one.first.arm.published
