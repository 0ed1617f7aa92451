"""Scores of the arms, with the items behind them."""

import math
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any

import numpy

from src.analysis.arms import Arm
from src.analysis.experiment import Experiment
from src.analysis.runs import Run
from src.statistics.estimate import Estimate
from src.statistics.pooled import Pooled
from src.statistics.seeds import over_seeds, paired_by_seed
from src.statistics.two_way_model import crossed

Key = tuple[str, str]
"""Task and metric."""
UNKNOWN = Estimate(math.nan, math.nan, 0, 0)
"""Of nothing."""


@dataclass(frozen=True)
class Answers:
    """One score of one run."""

    value: float
    stderr: float | None
    n: int
    ids: tuple[str, ...] = ()
    """The items, in order; empty where they are not known."""
    items: numpy.ndarray | None = None
    """The metric of each item."""


@dataclass
class ArmScores:
    """A metric of a task over the seeds of an arm, before and after training."""

    arm: Arm
    base: dict[int, Answers] = field(default_factory=dict)
    tuned: dict[int, Answers] = field(default_factory=dict)

    def estimate(self, stage: str = "tuned") -> Estimate:
        """Mean over seeds and items of a stage, with the error of both."""
        return mean_of(getattr(self, stage))


@dataclass
class TaskScores:
    """All arms on one metric of one task."""

    task: str
    metric: str
    higher_is_better: bool | None
    arms: list[ArmScores]
    problems: list[tuple[Run, str]]
    """Runs whose score could not be compared, each with the reason."""

    @property
    def label(self) -> str:
        """Task (metric)."""
        return f"{self.task} ({self.metric.replace('_', ' ')})"


def read_scores(study: Experiment) -> list[TaskScores]:
    """Every metric of every task that a tuned model was scored on, in the order of evaluation."""
    found: dict[Key, dict[int, ArmScores]] = {}
    better: dict[Key, bool | None] = {}
    for index, arm in enumerate(study.arms):
        for seed, run in arm.runs.items():
            for (stage, *key), answers in _answers(run, better).items():
                scores = found.setdefault(tuple(key), {}).setdefault(index, ArmScores(arm))
                getattr(scores, stage)[seed] = answers
    return [_compared(key, better[key], list(arms.values())) for key, arms in found.items()]


def mean_of(answers: dict[int, Answers]) -> Estimate:
    """Over seeds and items where the items are known, else over seeds alone."""
    if not answers:
        return UNKNOWN
    table = table_of(answers)
    return over_seeds([one.value for one in answers.values()]) if table is None else crossed(table)


def table_of(answers: dict[int, Answers]) -> numpy.ndarray | None:
    """Items of every seed, [seed, item]; None unless all seeds answered the same, at least two."""
    found = [answers[seed] for seed in sorted(answers)]
    if any(one.items is None or one.ids != found[0].ids for one in found) or len(found[0].ids) < 2:
        return None
    return numpy.stack([one.items for one in found])


def difference(
    first: dict[int, Answers], second: dict[int, Answers], pooled: Pooled | None = None
) -> Estimate:
    """First - second over common seeds, paired by seed and by item where both are known.

    `pooled`: the scatter over seeds as all arms show it.
    """
    common = sorted(first.keys() & second.keys())
    if not common:
        return UNKNOWN
    sides = [{seed: side[seed] for seed in common} for side in (first, second)]
    tables = [table_of(side) for side in sides]
    if any(table is None for table in tables) or len({side[common[0]].ids for side in sides}) > 1:
        return paired_by_seed(*({seed: one.value for seed, one in side.items()} for side in sides), pooled)
    return crossed(tables[0] - tables[1], pooled)


def times(answers: dict[int, Answers], factor: float) -> dict[int, Answers]:
    """Every score and item times a number."""
    return {
        seed: replace(one, value=factor * one.value, stderr=None,
                      items=None if one.items is None else factor * one.items)
        for seed, one in answers.items()
    }  # fmt: skip


def _answers(run: Run, better: dict[Key, bool | None]) -> dict[tuple[str, str, str], Answers]:
    """By stage, task and metric."""
    scores = [row for row in run.record.get("scores", []) if row["stage"] in ("base", "tuned")]
    items = _items(run) if scores else {}
    found = {}
    for row in scores:
        if row["value"] is None:
            continue
        place = (row["stage"], row["task"], row["metric"])
        better.setdefault(place[1:], row.get("higher_is_better"))
        ids, values = items.get(place, ((), None))
        if values is not None and (len(ids) != row["n"] or None in values):
            ids, values = (), None
        array = None if values is None else numpy.asarray(values, dtype=float)
        found[place] = Answers(row["value"], row["stderr"], row["n"], ids, array)
    return found


def _items(run: Run) -> dict[tuple[str, str, str], tuple[tuple[str, ...], list[Any]]]:
    """Ids and values of every stage, task and metric, in order of id; several filters name their own."""
    rows: dict[tuple[str, str, str], list[tuple[str, Any]]] = {}
    for sample in run.samples("base", "tuned"):
        suffix = "" if sample["filter"] == "none" else f"/{sample['filter']}"
        for metric, value in sample["scores"].items():
            place = (sample["stage"], sample["task"], metric + suffix)
            rows.setdefault(place, []).append((str(sample["id"]), value))
    ordered = {place: sorted(pairs, key=lambda pair: pair[0]) for place, pairs in rows.items()}
    return {
        place: (tuple(one for one, _ in pairs), [value for _, value in pairs])
        for place, pairs in ordered.items()
    }


def _compared(key: Key, higher_is_better: bool | None, arms: list[ArmScores]) -> TaskScores:
    """Leave out the seeds whose items are not those that most runs of their model and data answered."""
    groups: dict[tuple[str, ...], list[ArmScores]] = {}
    for scores in arms:
        named = tuple(scores.arm.factors.get(name, "") for name in ("model.name", "data.name"))
        groups.setdefault(named, []).append(scores)
    problems = [problem for group in groups.values() for problem in _leave_out(key[0], group)]
    return TaskScores(*key, higher_is_better, [one for one in arms if one.tuned], problems)


def _leave_out(task: str, arms: list[ArmScores]) -> list[tuple[Run, str]]:
    """Take out of the arms, and tell, what answers other items than most do."""
    counts = Counter((one.n, one.ids) for scores in arms for one in scores.tuned.values())
    if len(counts) < 2:
        return []
    most_n, most_ids = counts.most_common(1)[0][0]
    problems = []
    for scores in arms:
        for seed, one in list(scores.tuned.items()):
            if (one.n, one.ids) == (most_n, most_ids) or (one.n == most_n and not (one.ids and most_ids)):
                continue
            common = len(set(one.ids) & set(most_ids))
            reason = (
                f"task {task}: {one.n} items, {common} of them among the {most_n} that most runs answered"
            )
            problems.append((scores.arm.runs[seed], reason))
            del scores.tuned[seed]
            scores.base.pop(seed, None)
    return problems
