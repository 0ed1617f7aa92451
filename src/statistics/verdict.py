"""The rule that says whether a published effect was found again."""

import math
from typing import NamedTuple

from src.statistics.detectable import smallest_detectable
from src.statistics.estimate import Estimate

MIN_SEEDS = 3
REPRODUCED, NOT_REPRODUCED, UNDECIDED = "reproduced", "not reproduced", "undecided"


class Verdict(NamedTuple):
    """What the runs say of one published effect."""

    verdict: str
    """reproduced, not reproduced, or undecided."""
    reason: str
    """Half a sentence."""


def judge(
    estimate: Estimate, level: float, published: float, interval: tuple[float, float] | None = None
) -> Verdict:
    """Judge a published effect by the interval of ours.

    The interval is that of our difference over seeds and items, at the level at which Holm's procedure tested
    it among all bands against the same baseline (family-wise error 5 %); of a ratio, Fieller's at that level.
    The published effect is taken at face value, as a number without an error.

    Reproduced: the interval lies on the published side of 0 and reaches the published effect or goes beyond.

    Not reproduced: the whole interval falls short of the published effect, the opposite sign included.

    Undecided: the interval holds both 0 and the published effect, or there are fewer than 3 seeds. The
    smallest true effect that would have been found with 80 % power is stated.
    """
    # `interval` replaces that of the estimate where it is not symmetric
    if estimate.num_seeds < MIN_SEEDS or not math.isfinite(estimate.stderr):
        seeds = "1 seed" if estimate.num_seeds == 1 else f"{estimate.num_seeds} seeds"
        return Verdict(UNDECIDED, f"{seeds}; needed: {MIN_SEEDS}")
    sign = -1 if published < 0 else 1
    low, high = sorted(sign * end for end in interval or estimate.interval(level))
    if high < abs(published):
        if low > 0:
            return Verdict(NOT_REPRODUCED, "the same sign, but smaller")
        return Verdict(NOT_REPRODUCED, "the opposite sign" if high < 0 else "no effect of that size")
    if low > 0:
        beyond = low > abs(published)
        return Verdict(REPRODUCED, "at least as large" if beyond else "the same sign, and of that size")
    least = smallest_detectable(estimate, level)
    return Verdict(UNDECIDED, f"an effect below {least:.2g} could not be told from 0")
