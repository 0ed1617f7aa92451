"""Every fifth of the depth against the mean of the other four, under the same conditions."""

from collections.abc import Sequence

import numpy

from src.analysis.arm_scores import Answers, ArmScores, difference
from src.statistics.estimate import Estimate
from src.statistics.pooled import pooled_over_arms

FIFTHS = ("10000", "01000", "00100", "00010", "00001")
_OTHERS = len(FIFTHS) - 1


def against_other_fifths(arms: Sequence[ArmScores]) -> dict[str, Estimate]:
    """Score of a fifth minus the mean of the others, by band, paired by seed and item; the pretrained model
    cancels, so this is also the contrast of the changes by training.

    Empty unless all five were run. The scatter over seeds is pooled over the five, as far as there are two
    seeds: that of such a contrast is 5/8 of that of a difference of two arms.
    """
    tuned = {one.arm.band: one.tuned for one in arms if one.arm.band in FIFTHS and one.arm.kind == "lora"}
    if set(tuned) != set(FIFTHS):
        return {}
    seeds = sorted(set.intersection(*(set(side) for side in tuned.values())))
    if not seeds:
        return {}
    pooled = pooled_over_arms(numpy.array([[tuned[band][seed].value for seed in seeds] for band in FIFTHS]))
    if pooled:
        pooled = pooled._replace(variance=pooled.variance * (1 + 1 / _OTHERS) / 2)
    found = {}
    for band in FIFTHS:
        others = {seed: _mean([tuned[other][seed] for other in FIFTHS if other != band]) for seed in seeds}
        found[band] = difference(tuned[band], others, pooled)
    return found


def _mean(answers: Sequence[Answers]) -> Answers:
    """The mean of some arms, item by item where all answered the same."""
    first = answers[0]
    value = float(numpy.mean([one.value for one in answers]))
    if any(one.items is None or one.ids != first.ids for one in answers):
        return Answers(value, None, first.n)
    return Answers(value, None, first.n, first.ids, numpy.mean([one.items for one in answers], axis=0))
