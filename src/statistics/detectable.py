"""The smallest effect that a test could have seen."""

import math

from scipy.special import nctdtrinc

from src.statistics.estimate import Estimate
from src.statistics.student import LEVEL, t_reach

POWER = 0.8


def smallest_detectable(estimate: Estimate, level: float = LEVEL, power: float = POWER) -> float:
    """The true effect, in the units of the estimate, that a two-sided t test finds with the given power.

    Taken at the standard error and the degrees of freedom that were found, from the noncentral t
    distribution; the far tail is left out. NaN without an error above 0.
    """
    if not estimate.stderr > 0:
        return math.nan
    critical = float(t_reach(1.0, estimate.freedom, level))
    return float(nctdtrinc(estimate.freedom, 1 - power, critical)) * estimate.stderr
