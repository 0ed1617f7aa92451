"""What training did to abilities that it was not about."""

from collections.abc import Iterator

from src.analysis.arm_scores import ArmScores, TaskScores, arms_by_condition
from src.analysis.families import Row, tested_together
from src.analysis.material import Material
from src.analysis.own_task import is_trained
from src.analysis.segment_contrasts import against_other_fifths


def other_abilities(material: Material) -> list[tuple[TaskScores, list[ArmScores]]]:
    """Every task that no training row belongs to, with the arms that were scored before and after."""
    found = [
        (task, [one for one in task.arms if one.base and not is_trained(one.arm.first, task.task)])
        for task in material.scores
    ]
    return [(task, sorted(arms, key=lambda one: one.arm.order)) for task, arms in found if arms]


def change_rows(material: Material) -> list[Row]:
    """After - before of every band, tested together within a condition."""
    rows = []
    for key, arms in _families(material):
        found = tested_together([one.change for one in arms])
        rows += [
            key | {"band": one.arm.band, "before": one.estimate("base").value} | tested.row
            for one, tested in zip(arms, found, strict=True)
        ]
    return rows


def fifth_rows(material: Material) -> list[Row]:
    """Each fifth of the depth minus the mean of the other four, where all five were run."""
    rows = []
    for key, arms in _families(material):
        found = against_other_fifths(arms)
        tested = tested_together(list(found.values()))
        rows += [key | {"band": band} | one.row for band, one in zip(found, tested, strict=True)]
    return rows


def _families(material: Material) -> Iterator[tuple[Row, list[ArmScores]]]:
    """The arms of a task under one condition, in order of their bands."""
    for task, arms in other_abilities(material):
        for condition, mine in arms_by_condition(material.study, arms).items():
            yield {"task": task.label, "condition": condition}, mine
