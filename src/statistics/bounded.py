"""Intervals of quantities that cannot leave their bounds: correlations, shares, distances."""

import math
from typing import Any

import numpy
from scipy.special import expit, logit, ndtri

from src.statistics.student import LEVEL

_ROUNDING = 1e-9
"""A correlation that is as near to 1 is 1."""
_LARGEST = 700.0  # what exp can still tell in float64


def correlation_interval(rho: float, n: float) -> tuple[float, float]:
    """Fisher's z interval of a correlation over `n` (effective) pairs, always within -1 and 1.

    The error of z is 1 / sqrt(n - 3); NaN for 3 pairs and fewer, and where the pairs lie on a line: how far
    others would lie from it was not seen. Source: Fisher (1921).
    """
    return _by_z(rho, 1.0, n)


def rank_interval(rho: float, n: float) -> tuple[float, float]:
    """The same of Spearman's correlation, whose error of z is sqrt((1 + rho^2 / 2) / (n - 3)).

    Simulated, 5 to 10 pairs, rho 0 to 0.95: 0.95 to 1.00 hold the truth; of percentiles of a bootstrap over
    pairs 0.68 to 0.99, least where pairs are few and the correlation high. Source: Bonett and Wright (2000).
    """
    return _by_z(rho, 1 + rho**2 / 2, n)


def _by_z(rho: float, variance: float, n: float) -> tuple[float, float]:
    if n <= 3 or not abs(rho) < 1 - _ROUNDING:
        return math.nan, math.nan
    reach = float(ndtri(1 - LEVEL / 2)) * math.sqrt(variance / (n - 3))
    z = math.atanh(rho)
    return math.tanh(z - reach), math.tanh(z + reach)


def share_ends(value: Any, reach: Any) -> tuple[Any, Any]:
    """Interval of a mean between 0 and 1 (a share, a CKA) on the scale of its logit, so within 0 and 1.

    Args:
        value: the mean; numbers or arrays.
        reach: half the width of its plain interval, carried over by the derivative.

    Returns:
        Both ends; NaN where the mean is not between 0 and 1, or there is no error.
    """
    inside = numpy.where((numpy.asarray(value) > 0) & (numpy.asarray(value) < 1), value, numpy.nan)
    step = reach / (inside * (1 - inside))
    return expit(logit(inside) - step), expit(logit(inside) + step)


def distance_ends(value: Any, reach: Any) -> tuple[Any, Any]:
    """The same of a mean above 0, on the scale of its logarithm; NaN where it is not."""
    above = numpy.where(numpy.asarray(value) > 0, value, numpy.nan)
    step = numpy.minimum(reach / above, _LARGEST)
    return above * numpy.exp(-step), numpy.exp(numpy.minimum(numpy.log(above) + step, _LARGEST))
