"""Published scores and differences of scores."""

import math
from collections.abc import Sequence

from src.report.arms import Arm
from src.report.measures.measured import Measured
from src.report.references import Published
from src.report.scores import ArmScores, TaskScores
from src.report.scores import difference as difference_of
from src.report.section import Material
from src.report.trained import HELDOUT
from src.statistics.estimate import Estimate


def score(material: Material, published: Published) -> list[Measured]:
    """The score of a band under every condition."""
    return [
        Measured(_what(material, task, one.arm), one.estimate(), setting=_setting(published, task, one.arm))
        for task in _tasks(material, published)
        for one in task.arms
        if _is(one.arm, published.number.measure["band"])
    ]


def difference(material: Material, published: Published) -> list[Measured]:
    """A band minus another under every condition."""
    band, against = (published.number.measure[key] for key in ("band", "against"))
    found = []
    for task in _tasks(material, published):
        tested = {id(one.arm): one for one in material.contrasts[task.label] if one.arm is not None}
        for first, second in _pairs(material, task, band, against):
            contrast = tested.get(id(first.arm))
            known = contrast is not None and contrast.baseline is second.arm
            estimate = contrast.estimate if known else difference_of(first.tuned, second.tuned)
            what = f"{_what(material, task, first.arm)} − {against}"
            level = {"level": contrast.corrected.level} if known else {}
            setting = _setting(published, task, first.arm)
            found.append(Measured(what, estimate, effect=True, setting=setting, **level))
    return found


def relative_gain(material: Material, published: Published) -> list[Measured]:
    """A band over another, minus 1, under every condition; without an interval of its own."""
    band, against = (published.number.measure[key] for key in ("band", "against"))
    found = []
    for task in _tasks(material, published):
        for first, second in _pairs(material, task, band, against):
            ours, theirs = first.estimate(), second.estimate()
            gain = ours.value / theirs.value - 1 if theirs.value else math.nan
            estimate = Estimate(gain, math.nan, 0, ours.num_seeds, ours.num_items)
            what = f"{_what(material, task, first.arm)} / {against} − 1"
            found.append(Measured(what, estimate, setting=_setting(published, task, first.arm)))
    return found


def _tasks(material: Material, published: Published) -> list[TaskScores]:
    """The published task as the reference says that it is scored, else the rows held out from training.

    Runs of both fidelities in one folder are scored under two names: both are shown.
    """
    accepted = (published.reference.setting.scored_as or {}).items()
    named = [one for one in material.scores if (one.task, one.metric) in accepted]
    return named or [one for one in material.scores if one.task == HELDOUT][:1]


def _pairs(
    material: Material, task: TaskScores, band: str, against: str
) -> Sequence[tuple[ArmScores, ArmScores]]:
    """Arms of the two bands under equal conditions."""
    found = []
    for first in (one for one in task.arms if _is(one.arm, band)):
        for second in (one for one in task.arms if _is(one.arm, against)):
            if against == "11111":
                fits = second.arm is material.study.baseline(first.arm)
            else:
                fits = material.study.condition(first.arm) == material.study.condition(second.arm)
            if fits:
                found.append((first, second))
    return found


def _is(arm: Arm, band: str) -> bool:
    return arm.band == band and arm.kind == "lora"


def _what(material: Material, task: TaskScores, arm: Arm) -> str:
    condition = material.study.condition(arm)
    named = f"{task.task} ({task.metric})" if "/" in task.metric else task.task  # a filter changes scores
    return f"{named}: {arm.band}" + (f" ({condition})" if condition else "")


def _setting(published: Published, task: TaskScores, arm: Arm) -> str:
    wanted, choices = published.reference.setting, arm.record["choices"]
    task_name = choices.get("data") if task.task == HELDOUT else wanted.task
    others = [
        f"{given} for {asked}"
        for asked, given in ((wanted.model, choices.get("model")), (wanted.task, task_name))
        if asked is not None and asked != given
    ]
    others += ["fidelity=sound for published"] if arm.record.get("fidelity") == "sound" else []
    return ", ".join(others)
