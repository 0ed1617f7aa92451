"""Intervals of quantities that cannot leave their bounds: correlations, shares, distances."""

import math

from scipy.special import expit, logit, ndtri

from src.statistics.estimate import Estimate
from src.statistics.student import LEVEL, t_reach

_LARGEST = 700.0  # what exp can still tell in float64


def correlation_interval(rho: float, n: float, level: float = LEVEL) -> tuple[float, float]:
    """Fisher's z interval of a correlation over `n` (effective) pairs, always within -1 and 1.

    The error of z is 1 / sqrt(n - 3); NaN for 3 pairs and fewer. For a rank correlation the variance is
    inflated by 1.06 where the caller says so with a smaller `n`. Source: Fisher (1921).
    """
    if n <= 3 or not -1 <= rho <= 1:
        return math.nan, math.nan
    if abs(rho) == 1:
        return rho, rho
    reach = float(ndtri(1 - level / 2)) / math.sqrt(n - 3)
    z = math.atanh(rho)
    return math.tanh(z - reach), math.tanh(z + reach)


def share_interval(estimate: Estimate, level: float = LEVEL) -> tuple[float, float]:
    """Interval of a mean between 0 and 1 (a share, a CKA) on the scale of its logit, so within 0 and 1.

    The error is carried over by its derivative. At 0 or 1, or without an error, the ends are NaN.
    """
    value = estimate.value
    if not 0 < value < 1 or not math.isfinite(estimate.stderr):
        return math.nan, math.nan
    reach = float(t_reach(estimate.stderr, estimate.freedom, level)) / (value * (1 - value))
    middle = float(logit(value))
    return float(expit(middle - reach)), float(expit(middle + reach))


def distance_interval(estimate: Estimate, level: float = LEVEL) -> tuple[float, float]:
    """Interval of a mean above 0 on the scale of its logarithm; NaN at 0 or without an error."""
    if not estimate.value > 0 or not math.isfinite(estimate.stderr):
        return math.nan, math.nan
    reach = float(t_reach(estimate.stderr, estimate.freedom, level)) / estimate.value
    return estimate.value * math.exp(-reach), math.exp(min(math.log(estimate.value) + reach, _LARGEST))
