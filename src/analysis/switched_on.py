"""What a setting does to a score, all else alike: against the arm without it, and value against value."""

from collections.abc import Iterator, Sequence
from itertools import combinations

from src.analysis.answers import difference
from src.analysis.arm_scores import ArmScores, TaskScores, scatter_between
from src.analysis.families import Row, tested_together
from src.analysis.material import Material

OFF = "none"
SWITCHES = {
    "train.activation_rank": ("train.activation_",),
    "data.select": ("data.select", "data.length_matched"),
    "method.penalty": ("method.penalty",),
}
"""Settings that can be off, each with how it and what belongs to it alone begin."""
Family = tuple[ArmScores, list[ArmScores]]
Pair = tuple[ArmScores, ArmScores]


def switched_rows(material: Material) -> list[Row]:
    """A row a task, setting and arm: on minus off, tested together over the arms of one arm that is off."""
    return [
        row
        for task in material.scores
        for switch, own in SWITCHES.items()
        for off, members in _families(task, switch, own)
        for row in _rows(task, switch, own, off, members)
    ]


def compared_rows(material: Material) -> list[Row]:
    """A row a task, setting and pair of its values, off aside: the first minus the second.

    All pairs of arms that differ in the setting alone are tested together.
    """
    return [
        row
        for task in material.scores
        for switch in SWITCHES
        for condition, arms in _alike(task, switch).items()
        for row in _pairs(task, switch, condition, arms)
    ]


def _alike(task: TaskScores, switch: str) -> dict[str, list[ArmScores]]:
    """Arms that have the setting, by all else that they are made of."""
    found: dict[str, list[ArmScores]] = {}
    for one in task.arms:
        if one.arm.factors.get(switch, OFF) != OFF:
            others = ", ".join(value for name, value in one.arm.factors.items() if name != switch)
            found.setdefault(others, []).append(one)
    return found


def _pairs(task: TaskScores, switch: str, condition: str, arms: list[ArmScores]) -> Iterator[Row]:
    for pair, row in tested_differences(list(combinations(arms, 2))):
        value, against = (one.arm.factors[switch] for one in pair)
        key = {"task": task.label, "setting": switch, "setting_value": value, "against": against}
        yield key | {"condition": condition} | row


def _families(task: TaskScores, switch: str, own: tuple[str, ...]) -> Iterator[Family]:
    """Arms that are off, each with those that differ from it in the setting and its own alone."""
    arms = [one for one in task.arms if switch in one.arm.factors]
    for off in (one for one in arms if one.arm.factors[switch] == OFF):
        shared = off.arm.beside(own)
        on = [one for one in arms if one.arm.factors[switch] != OFF and one.arm.beside(own) == shared]
        if on:
            yield off, on


def _rows(
    task: TaskScores, switch: str, own: tuple[str, ...], off: ArmScores, members: list[ArmScores]
) -> Iterator[Row]:
    for (one, _), row in tested_differences([(member, off) for member in members]):
        mine = [value for name, value in one.arm.factors.items() if name.startswith(own)]
        others = ", ".join(one.arm.beside(own).values())
        key = {"task": task.label, "setting": switch, "setting_value": ", ".join(mine), "condition": others}
        yield key | row


def tested_differences(pairs: Sequence[Pair]) -> Iterator[tuple[Pair, Row]]:
    """First minus second of the pairs that share a seed, paired by seed and item, tested together."""
    gaps = [(pair, difference(pair[0].tuned, pair[1].tuned, scatter_between(pair))) for pair in pairs]
    kept = [(pair, gap) for pair, gap in gaps if gap.num_seeds]
    for (pair, _), tested in zip(kept, tested_together([gap for _, gap in kept]), strict=True):
        yield pair, tested.row
