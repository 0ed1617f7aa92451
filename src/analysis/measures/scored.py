"""Published scores and differences of scores."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

from src.analysis.answers import UNKNOWN, gap, mean_of
from src.analysis.answers import difference as difference_of
from src.analysis.arm_scores import ArmScores, TaskScores, scatter_between
from src.analysis.arms import WHOLE, Arm
from src.analysis.claims import other_setting
from src.analysis.material import Material
from src.analysis.measures.measured import OwnNumber
from src.analysis.references import Published
from src.config.evaluate import EXACT_MATCH, HELDOUT
from src.statistics.estimate import LEVEL, Estimate
from src.statistics.fieller import interval_of_ratio


def score(material: Material, published: Published) -> list[OwnNumber]:
    """The score of a band under every condition."""
    return [
        OwnNumber(_what(material, task, one.arm), one.estimate(), setting=_setting(published, task, one.arm))
        for task in _tasks(material, published)
        for one in task.arms
        if _is(one.arm, published.number.measure["band"])
    ]


def difference(material: Material, published: Published) -> list[OwnNumber]:
    """A band minus another under every condition: one contrast, whatever else was run."""
    return [
        OwnNumber(
            f"{_what(material, task, first.arm)} − {published.number.measure['against']}",
            difference_of(first.tuned, second.tuned, scatter_between((first, second))),
            effect=True,
            setting=_setting(published, task, first.arm),
        )
        for task, first, second in _compared(material, published)
    ]


def relative_gain(material: Material, published: Published) -> list[OwnNumber]:
    """A band over another, minus 1, under every condition, with Fieller's interval.

    Its interval leaves 0 out exactly where that of the difference does.
    """
    found = []
    for task, first, second in _compared(material, published):
        gain, ends = _gain(first, second)
        what = f"{_what(material, task, first.arm)} / {published.number.measure['against']} − 1"
        setting = _setting(published, task, first.arm)
        found.append(OwnNumber(what, gain, effect=True, ends=ends, setting=setting))
    return found


def _gain(*arms: ArmScores) -> tuple[Estimate, tuple[float, float]]:
    """Ratio of the means over common seeds minus 1, its error to first order, and Fieller's interval."""
    common = set.intersection(*(set(arm.tuned) for arm in arms))
    first, second = ({seed: arm.tuned[seed] for seed in common} for arm in arms)
    ours, theirs = mean_of(first), mean_of(second)
    ratio = ours.value / theirs.value if theirs.value else math.nan

    between = gap(first, second)

    def apart(r: float) -> Estimate:
        """First - r * second."""
        return between(r, scatter_between(arms, (1, -r)))

    if not math.isfinite(ratio):
        return UNKNOWN, (math.nan, math.nan)
    here = apart(ratio)
    low, high = interval_of_ratio(apart, ratio, theirs, LEVEL)
    return replace(here, value=ratio - 1, stderr=here.stderr / abs(theirs.value)), (low - 1, high - 1)


def _compared(material: Material, published: Published) -> Iterator[tuple[TaskScores, ArmScores, ArmScores]]:
    """The two bands under every condition that has both, where a seed is common."""
    band, other = (published.number.measure[key] for key in ("band", "against"))
    for task in _tasks(material, published):
        for first, second in _pairs(material, task, band, other):
            if first.tuned.keys() & second.tuned.keys():
                yield task, first, second


def _tasks(material: Material, published: Published) -> list[TaskScores]:
    """The published task as the reference says that it is scored, else the rows held out from training.

    Runs of both fidelities in one folder are scored under two names: both are shown. Published scores are
    shares of items: held-out rows that are scored by a likelihood, in nats, do not stand beside them.
    """
    accepted = (published.reference.setting.scored_as or {}).items()
    named = [one for one in material.scores if (one.task, one.metric) in accepted]
    return named or [one for one in material.scores if (one.task, one.metric) == (HELDOUT, EXACT_MATCH)]


def _pairs(
    material: Material, task: TaskScores, band: str, other: str
) -> Sequence[tuple[ArmScores, ArmScores]]:
    """Arms of the two bands under equal conditions."""
    study = material.study
    seconds: dict[int | str, list[ArmScores]] = {}
    for one in (one for one in task.arms if _is(one.arm, other)):
        seconds.setdefault(id(one.arm) if other == WHOLE else study.condition(one.arm), []).append(one)
    return [
        (first, second)
        for first in task.arms
        if _is(first.arm, band)
        for second in seconds.get(
            id(study.baseline(first.arm)) if other == WHOLE else study.condition(first.arm), []
        )
    ]


def _is(arm: Arm, band: str) -> bool:
    return arm.band == band and arm.published


def _what(material: Material, task: TaskScores, arm: Arm) -> str:
    condition = material.study.condition(arm)
    named = f"{task.task} ({task.metric})" if "/" in task.metric else task.task  # a filter changes scores
    return f"{named}: {arm.band}" + (f" ({condition})" if condition else "")


def _setting(published: Published, task: TaskScores, arm: Arm) -> str:
    """The data that the runs were scored on, by the name that the reference has for it."""
    wanted = published.reference.setting
    own = task.task == HELDOUT
    return other_setting(published, arm, str(arm.record["choices"].get("data") if own else wanted.task), own)
