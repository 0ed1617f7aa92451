"""Fifths of the depth against each other and against the mean of the others, under the same conditions."""

from collections.abc import Collection, Mapping, Sequence
from itertools import combinations

from src.analysis.answers import difference, weighted
from src.analysis.arm_scores import ArmScores, arms_by_condition, scatter_between
from src.analysis.families import Row
from src.analysis.material import Material
from src.analysis.switched_on import tested_differences
from src.statistics.estimate import Estimate

FIFTHS = ("10000", "01000", "00100", "00010", "00001")


def fifth_pairs(material: Material) -> list[Row]:
    """A row a task, condition and pair of fifths, the earlier minus the later, all ten tested together."""
    rows = []
    for task in material.scores:
        for condition, arms in arms_by_condition(material.study, task.arms).items():
            pairs = list(combinations(fifths_of(arms).values(), 2))
            for (first, second), row in tested_differences(pairs):
                key = {"task": task.label, "condition": condition, "band": first.arm.band}
                rows.append(key | {"against": second.arm.band} | row)
    return rows


def against_other_fifths(arms: Sequence[ArmScores]) -> dict[str, Estimate]:
    """Score of a fifth minus the mean of the others, by band, paired by seed and item; the pretrained model
    cancels, so this is also the contrast of the changes by training.

    Empty unless all five were run.
    """
    fifths = fifths_of(arms)
    found = {band: chosen_fifths(fifths, [band]) for band in fifths}
    return {band: one for band, one in found.items() if one.num_seeds}


def fifths_of(arms: Sequence[ArmScores]) -> dict[str, ArmScores]:
    """The arms of the five fifths in the order of depth; empty unless all five were run."""
    found = {one.arm.band: one for one in arms if one.arm.published}
    return {band: found[band] for band in FIFTHS} if set(FIFTHS) <= found.keys() else {}


def chosen_fifths(fifths: Mapping[str, ArmScores], chosen: Collection[str]) -> Estimate:
    """Mean score of some fifths minus that of the others, paired by seed and item."""
    inside = [one for band, one in fifths.items() if band in chosen]
    others = [one for band, one in fifths.items() if band not in chosen]
    shares = [[1 / len(side)] * len(side) for side in (inside, others)]
    first, second = (
        weighted([one.tuned for one in side], share)
        for side, share in zip((inside, others), shares, strict=True)
    )
    scatter = scatter_between([*inside, *others], [*shares[0], *(-share for share in shares[1])])
    return difference(first, second, scatter)
