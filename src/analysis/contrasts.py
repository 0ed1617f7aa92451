"""Every arm against LoRA on the whole stack, under the same conditions."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy

from src.analysis.answers import UNKNOWN, Answers, difference
from src.analysis.arm_scores import ArmScores, TaskScores, scatter_between
from src.analysis.arms import Arm
from src.analysis.experiment import Experiment
from src.analysis.families import Row, Tested
from src.statistics.estimate import LEVEL, Estimate
from src.statistics.holm import Corrected, holm
from src.statistics.mcnemar import McNemar, mcnemar_exact
from src.statistics.seeds import paired_by_seed

PRETRAINED = "pretrained"


@dataclass(frozen=True)
class Contrast(Tested):
    """One arm minus the baseline, on one metric of one task; corrected among all contrasts with it."""

    name: str
    """The arm's band, or pretrained."""
    condition: str
    arm: Arm | None
    """None: the pretrained model."""
    baseline: Arm
    over_seeds: Estimate
    """The same with seeds as the only unit: what other seeds would give on these very items."""
    mcnemar: dict[int, McNemar]
    """Seed by seed, where answers are right or wrong."""

    @property
    def row(self) -> Row:
        """The test; beside it seeds alone, and the seeds that McNemar's test finds apart."""
        found = sum(test.pvalue < LEVEL for test in self.mcnemar.values())
        told = f"{found} of {len(self.mcnemar)}" if self.mcnemar else None
        beside = {"p_seeds": self.over_seeds.pvalue, "mcnemar": told}
        return {"band": self.name, "condition": self.condition} | super().row | beside


def contrasts(study: Experiment, scores: TaskScores) -> list[Contrast]:
    """All arms, and the pretrained model, against their baseline; corrected among those of one."""
    by_arm = {id(one.arm): one for one in scores.arms}
    families: dict[int, list[ArmScores]] = {}
    for one in scores.arms:
        baseline = by_arm.get(id(study.baseline(one.arm)))
        if baseline is not None:
            families.setdefault(id(baseline), [baseline]).append(one)
    return [
        one
        for baseline, *members in families.values()
        for one in _family(study, baseline, [member for member in members if member is not baseline])
    ]


def in_order(found: Sequence[Contrast]) -> list[Contrast]:
    """By condition, the pretrained model first, then bands from the input side."""
    return sorted(found, key=lambda one: (one.condition, one.arm.order if one.arm else (-1, "")))


def _family(study: Experiment, baseline: ArmScores, members: list[ArmScores]) -> list[Contrast]:
    """The pretrained model is no band: it is tested by itself, with the baseline's own scatter."""
    before = [_contrast(study, None, baseline, baseline)]
    bands = [_contrast(study, one.arm, one, baseline) for one in members]
    return [
        replace(one, corrected=level)
        for group in (before, [one for one in bands if one.estimate.num_seeds])
        for one, level in zip(group, holm([one.estimate.pvalue for one in group]), strict=True)
        if one.estimate.num_seeds
    ]


def _contrast(study: Experiment, arm: Arm | None, source: ArmScores, baseline: ArmScores) -> Contrast:
    """`source` minus `baseline`; of the pretrained model where no arm is given."""
    first, second = (source.base if arm is None else source.tuned), baseline.tuned
    common = sorted(first.keys() & second.keys())
    pairs = {seed: pair for seed in common if (pair := _same_items(first[seed], second[seed])) is not None}
    ours, theirs = ({seed: side[seed].value for seed in common} for side in (first, second))
    return Contrast(
        name=PRETRAINED if arm is None else arm.band,
        condition=study.condition(source.arm),
        arm=arm,
        baseline=baseline.arm,
        estimate=difference(first, second, scatter_between([source, baseline]) if arm else None),
        over_seeds=paired_by_seed(ours, theirs) if common else UNKNOWN,
        mcnemar={
            seed: mcnemar_exact(*pair) for seed, pair in pairs.items() if numpy.isin(pair, (0, 1)).all()
        },
        corrected=Corrected(math.nan, LEVEL),
    )


def _same_items(first: Answers, second: Answers) -> tuple[numpy.ndarray, numpy.ndarray] | None:
    """The items of one seed on both sides; None unless they are known and the same."""
    if first.items is None or second.items is None or first.ids != second.ids:
        return None
    return first.items, second.items
