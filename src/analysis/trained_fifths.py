"""Does a profile that was observed on the whole stack tell which fifths are worth training alone?

Of five ranks only a perfect order has p below 0.05, so means are contrasted: what training one fifth alone
brings where a profile is largest, the mean over two fifths, less the mean over the other three.
"""

from collections.abc import Iterator

import numpy
from scipy.stats import spearmanr

from src.analysis.arm_scores import ArmScores, TaskScores, arms_by_condition
from src.analysis.causal_profile import CausalProfile
from src.analysis.families import Row, tested_together
from src.analysis.intervened import find_intervened
from src.analysis.material import Material
from src.analysis.own_task import is_trained
from src.analysis.segment_contrasts import FIFTHS, chosen_fifths, fifths_of
from src.method.band import band_blocks

NUM_LARGEST = 2
"""Of five: with one the fifth itself would decide."""


def trained_fifth_rows(material: Material) -> list[Row]:
    """A row a task, condition and observed profile; p is corrected over the profiles of one condition."""
    return [
        row
        for profile in material.get(_profiles)
        for task in material.scores
        for condition, fifths in _trained_alone(material, task, profile)
        for row in _rows(profile, task, condition, fifths)
    ]


def _profiles(material: Material) -> list[CausalProfile]:
    """Those of runs that trained every block."""
    found = find_intervened(material.study.folder, material.study.analysed, "", CausalProfile)
    return [one for one in found if len(one.observed) and len(one.trained) == one.about["num_blocks"]]


def _trained_alone(
    material: Material, task: TaskScores, profile: CausalProfile
) -> Iterator[tuple[str, dict[str, ArmScores]]]:
    """The five fifths of the profile's model and data under each condition that has them all."""
    known = {run.name: run.record["choices"] for run in material.study.runs if run.record}
    asked = [
        known.get(str(name), {}).get(key) for name in profile.about["runs"][:1] for key in ("model", "data")
    ]
    alike = [
        one
        for one in task.arms
        if is_trained(one.arm.first, task.task)
        and [one.arm.record["choices"].get(key) for key in ("model", "data")] == asked
    ]
    for condition, arms in arms_by_condition(material.study, alike).items():
        if fifths := fifths_of(arms):
            yield condition, fifths


def _rows(
    profile: CausalProfile, task: TaskScores, condition: str, fifths: dict[str, ArmScores]
) -> list[Row]:
    sign = -1 if task.higher_is_better is False else 1
    gains = [sign * one.estimate().value for one in fifths.values()]
    means = _by_fifth(profile)
    chosen = {
        name: [FIFTHS[place] for place in sorted(numpy.argsort(-one, kind="stable")[:NUM_LARGEST])]
        for name, one in means.items()
    }
    others = {name: [band for band in FIFTHS if band not in some] for name, some in chosen.items()}
    estimates = [chosen_fifths(fifths, (chosen if sign > 0 else others)[name]) for name in means]
    key = {"task": task.label, "condition": condition, "run": profile.name}
    return [
        key | {"predictor": name, "fifths": " and ".join(chosen[name])} | one.row
        | {"rho": float(spearmanr(means[name], gains).statistic)}
        for name, one in zip(means, tested_together(estimates), strict=True)
    ]  # fmt: skip


def _by_fifth(profile: CausalProfile) -> dict[str, numpy.ndarray]:
    """The mean of each observed profile in every fifth; of those that differ between fifths."""
    count, segments = profile.about["num_blocks"], len(FIFTHS)
    fifth_of = {
        block: place
        for place in range(segments)
        for block in band_blocks(place / segments, (place + 1) / segments, count)
    }
    table = profile.observed.assign(fifth=profile.observed["block"].map(fifth_of))
    wide = table.pivot_table("value", "predictor", "fifth", "mean", sort=False, dropna=False)
    found = {str(name): row.to_numpy(dtype=float) for name, row in wide.iterrows()}
    return {
        name: one
        for name, one in found.items()
        if len(one) == segments and numpy.isfinite(one).all() and numpy.ptp(one) > 0
    }
