"""Intervals of quantities that cannot leave their bounds: correlations, shares, distances."""

import math
from typing import Any

import numpy
from scipy.special import expit, logit, ndtri

from src.statistics.bounds import Bounds
from src.statistics.student import LEVEL

_ROUNDING = 1e-9
"""A correlation that is as near to 1 is 1."""
_FARTHEST = 3.0
"""How many times the way to an end an interval may reach on the scale of that end."""
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


def ends_within(value: float, reach: float, bounds: Bounds) -> tuple[float, float]:
    """The interval of a quantity on the scale that its bounds ask for; it always holds the value.

    Between two ends that of the logit (of -1 and 1 this is Fisher's z), beside one end that of the logarithm
    of the distance to it, and the plain one without. A value on an end, or so near that the plain interval
    reaches more than three times as far as the end, has the plain one up to the ends: a derivative says
    nothing of so far away.

    Args:
        value: the number itself.
        reach: half the width of its plain interval, carried over by the derivative; NaN gives NaN.
        bounds: the ends of what it can be.
    """
    least, most = bounds
    low, high = value - reach, value + reach
    away = [value - least] if least is not None else []
    away += [most - value] if most is not None else []
    if not away:
        return low, high
    if not (min(away) > 0 and reach <= _FARTHEST * min(away)):
        low, high = low if least is None else max(low, least), high if most is None else min(high, most)
        return min(low, value), max(high, value)
    if least is not None and most is not None:
        length = most - least
        ends = share_ends((value - least) / length, reach / length)
        inner = tuple(least + length * float(end) for end in ends)
    elif least is not None:
        inner = tuple(least + float(end) for end in distance_ends(value - least, reach))
    elif most is not None:
        inner = tuple(most - float(end) for end in reversed(distance_ends(most - value, reach)))
    return min(inner[0], value), max(inner[1], value)
