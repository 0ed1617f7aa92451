"""Student's t: how far an interval reaches. Every t interval of the project is made here."""

from collections.abc import Collection
from typing import Any

import numpy
from scipy.special import stdtr, stdtrit

LEVEL = 0.05
"""Two-sided error of an interval and of a test, unless told otherwise: 95 % intervals."""


def t_reach(stderr: Any, freedom: Any, level: float = LEVEL) -> Any:
    """Half the width of the two-sided interval of a mean, in its units; numbers or arrays.

    Args:
        stderr: standard error of the mean.
        freedom: degrees of freedom, not always whole; NaN gives NaN.
        level: the interval covers the truth in 1 - level of all cases.
    """
    return stdtrit(freedom, 1 - level / 2) * stderr


def two_sided(value: Any, stderr: Any, freedom: Any) -> Any:
    """p-value of a mean being 0: the least level whose interval leaves 0 out. NaN without an error."""
    value, stderr = numpy.asarray(value, dtype=float), numpy.asarray(stderr, dtype=float)
    return 2 * stdtr(freedom, -abs(value) / numpy.where(stderr > 0, stderr, numpy.nan))


def satterthwaite(parts: Collection[tuple[float, float]], otherwise: float) -> tuple[float, float]:
    """The sum of independent variances, each with its degrees of freedom, and the degrees of freedom of it.

    `otherwise`: those of a sum of 0. Source: Satterthwaite (1946).
    """
    variance = sum(part for part, _ in parts)
    spread = sum(part**2 / freedom for part, freedom in parts)
    return variance, variance**2 / spread if spread else otherwise


def mean_interval(values: numpy.ndarray) -> tuple[numpy.ndarray, numpy.ndarray, numpy.ndarray]:
    """Mean over rows with the ends of its 95 % interval, column by column; [seed, column] to three [column].

    NaN where a row lacks the column; the ends are NaN for a single row.
    """
    mean, num_rows = values.mean(axis=0), len(values)
    if num_rows < 2:
        return mean, numpy.full_like(mean, numpy.nan), numpy.full_like(mean, numpy.nan)
    reach = t_reach(values.std(axis=0, ddof=1) / num_rows**0.5, num_rows - 1)
    return mean, mean - reach, mean + reach
