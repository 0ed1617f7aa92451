"""Scores of the arms, with the items behind them."""

from collections import Counter
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, field

import numpy

from src.analysis.answers import Answers, difference, mean_of
from src.analysis.arms import RANDOM, Arm
from src.analysis.experiment import Experiment
from src.analysis.group_arms import draw_their_rows
from src.analysis.runs import Run
from src.statistics.arm_scatter import Pooled, Scatter, of_contrast, scatter_of_arms
from src.statistics.estimate import Estimate

Key = tuple[str, str]
"""Task and metric."""


@dataclass
class ArmScores:
    """A metric of a task over the seeds of an arm, before and after training."""

    arm: Arm
    base: dict[int, Answers] = field(default_factory=dict)
    tuned: dict[int, Answers] = field(default_factory=dict)
    scatter: Scatter | None = None
    """Of the tuned score over seeds, as `share_scatter` found it; None: not known, or a seed is missing."""
    _means: dict[str, Estimate] = field(default_factory=dict, init=False, repr=False)

    @property
    def change(self) -> Estimate:
        """After minus before, paired by seed and item."""
        return difference(self.tuned, self.base)

    def estimate(self, stage: str = "tuned") -> Estimate:
        """Mean over seeds and items of a stage, with the error of both; made once."""
        if stage not in self._means:
            self._means[stage] = mean_of(getattr(self, stage))
        return self._means[stage]


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
            for (stage, task, metric), answers in _answers(run, better).items():
                scores = found.setdefault((task, metric), {}).setdefault(index, ArmScores(arm))
                getattr(scores, stage)[seed] = answers
    return [_compared(key, better[key], list(arms.values())) for key, arms in found.items()]


def arms_by_condition(study: Experiment, arms: Iterable[ArmScores]) -> dict[str, list[ArmScores]]:
    """The arms under each condition, both in their order."""
    found: dict[str, list[ArmScores]] = {}
    for one in arms:
        found.setdefault(study.condition(one.arm), []).append(one)
    return found


def share_scatter(arms: Sequence[ArmScores]) -> None:
    """Give every arm that has all seeds of these its scatter: one estimate for every section of a report."""
    seeds = sorted({seed for one in arms for seed in one.tuned})
    complete = [one for one in arms if set(one.tuned) == set(seeds)]
    means = numpy.array([[one.tuned[seed].value for seed in seeds] for one in complete])
    if means.ndim == 2 and (found := scatter_of_arms(means, [one.arm.band == RANDOM for one in complete])):
        for one, scatter in zip(complete, found, strict=True):
            one.scatter = scatter


def scatter_between(arms: Sequence[ArmScores], weights: Sequence[float] = (1, -1)) -> Pooled | None:
    """The scatter over seeds of a weighted sum of tuned scores; None where that of an arm is not known."""
    found = [one.scatter for one in arms if one.scatter is not None]
    return of_contrast(found, weights) if len(found) == len(arms) else None


def _answers(run: Run, better: dict[Key, bool | None]) -> dict[tuple[str, str, str], Answers]:
    """By stage, task and metric."""
    scores = [row for row in run.record.get("scores", []) if row["stage"] in ("base", "tuned")]
    items = run.items if scores else {}
    found = {}
    for row in scores:
        if row["value"] is None:
            continue
        place = (row["stage"], row["task"], row["metric"])
        better.setdefault(place[1:], row.get("higher_is_better"))
        ids, values = items.get(place, ((), None))
        if values is not None and (len(ids) != row["n"] or numpy.isnan(values).any()):
            ids, values = (), None
        found[place] = Answers(row["value"], row["stderr"], row["n"], ids, values)
    return found


def _compared(key: Key, higher_is_better: bool | None, arms: list[ArmScores]) -> TaskScores:
    """Leave out the seeds whose items are not those that most runs of their model and rows answered.

    Where every seed draws its own rows, those that most runs of the seed answered: seeds are then the units.
    """
    groups: dict[tuple[str, ...], list[ArmScores]] = {}
    for scores in arms:
        named = tuple(scores.arm.factors.get(name, "") for name in ("model.name", "data.name", "data.seed"))
        groups.setdefault(named, []).append(scores)
    problems = [problem for group in groups.values() for problem in _left_out(key[0], group)]
    for group in groups.values():
        share_scatter(group)
    return TaskScores(*key, higher_is_better, [one for one in arms if one.tuned], problems)


def _left_out(task: str, arms: list[ArmScores]) -> list[tuple[Run, str]]:
    seeds = {seed for scores in arms for seed in scores.tuned}
    if draw_their_rows([run for scores in arms for run in scores.arm.runs.values()]):
        return [problem for seed in sorted(seeds) for problem in _leave_out(task, arms, {seed})]
    return _leave_out(task, arms, seeds)


def _leave_out(task: str, arms: list[ArmScores], seeds: Set[int]) -> list[tuple[Run, str]]:
    """Take out of the arms, and tell, what answers other items than most do, of some seeds."""
    counts = Counter(
        (one.n, one.ids) for scores in arms for seed, one in scores.tuned.items() if seed in seeds
    )
    if len(counts) < 2:
        return []
    most_n, most_ids = counts.most_common(1)[0][0]
    problems = []
    for scores in arms:
        for seed, one in [found for found in scores.tuned.items() if found[0] in seeds]:
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
