"""Scores of all arms as rows: before and after training, the pretrained model by itself."""

from collections.abc import Sequence

from src.analysis.arm_scores import ArmScores, TaskScores
from src.analysis.contrasts import PRETRAINED
from src.analysis.experiment import Experiment
from src.analysis.families import Row, ends_row

_OF_BASE = ("model.name", "data.name")
"""The conditions that tell pretrained models and their items apart."""


def score_rows(study: Experiment, scores: Sequence[TaskScores]) -> list[Row]:
    """A row a task, metric and arm, then one a pretrained model; a setting stands under its name."""
    ordered = [
        (task, one)
        for task in scores
        for one in sorted(task.arms, key=lambda one: (study.condition(one.arm), one.arm.order))
    ]
    arms = [_key(study, task, one, one.arm.band) | _numbers(one) for task, one in ordered]
    return arms + [row for task in scores for row in _pretrained(study, task)]


def pretrained(task: TaskScores, names: Sequence[str]) -> list[ArmScores]:
    """One arm for each pretrained model that a task was scored on, as told apart by some factors."""
    found: dict[tuple[str, ...], ArmScores] = {}
    for one in task.arms:
        if one.base:
            found.setdefault(tuple(one.arm.factors[name] for name in names if name in _OF_BASE), one)
    return list(found.values())


def _key(study: Experiment, task: TaskScores, one: ArmScores, band: str) -> Row:
    of_base = band == PRETRAINED
    settings = {
        name.removesuffix(".name"): "" if of_base and name not in _OF_BASE else one.arm.factors[name]
        for name in study.conditions
    }
    return {"task": task.task, "metric": task.metric, "band": band} | settings


def _numbers(one: ArmScores) -> Row:
    found = one.estimate()
    n = {answers.n for answers in one.tuned.values()}
    return {
        "num_seeds": found.num_seeds,
        "num_items": n.pop() if len(n) == 1 else None,
        "before": one.estimate("base").value if one.base else None,
        "after": found.value,
        "num_trainable": one.arm.num_trainable,
        "scale": one.arm.lora.get("scale"),
    } | ends_row("ci", found.interval())


def _pretrained(study: Experiment, task: TaskScores) -> list[Row]:
    """The score before any training, and its own interval."""
    rows = []
    for one in pretrained(task, study.conditions):
        found, n = one.estimate("base"), {answers.n for answers in one.base.values()}
        counts = {"num_seeds": found.num_seeds, "num_items": n.pop() if len(n) == 1 else None}
        key = _key(study, task, one, PRETRAINED)
        rows.append(key | counts | {"before": found.value} | ends_row("ci", found.interval()))
    return rows
