"""Every fifth of the depth against the mean of the other four, under the same conditions."""

from collections.abc import Sequence

from src.analysis.answers import difference, weighted
from src.analysis.arm_scores import ArmScores, scatter_between
from src.statistics.estimate import Estimate

FIFTHS = ("10000", "01000", "00100", "00010", "00001")


def against_other_fifths(arms: Sequence[ArmScores]) -> dict[str, Estimate]:
    """Score of a fifth minus the mean of the others, by band, paired by seed and item; the pretrained model
    cancels, so this is also the contrast of the changes by training.

    Empty unless all five were run.
    """
    fifths = {one.arm.band: one for one in arms if one.arm.band in FIFTHS and one.arm.published}
    if set(fifths) != set(FIFTHS):
        return {}
    found = {}
    for band, one in fifths.items():
        others = [other for other in fifths.values() if other is not one]
        mean = weighted([other.tuned for other in others], [1 / len(others)] * len(others))
        scatter = scatter_between([one, *others], [1.0, *[-1 / len(others)] * len(others)])
        found[band] = difference(one.tuned, mean, scatter)
    return {band: found[band] for band in FIFTHS if found[band].num_seeds}
