"""A number with its uncertainty: what every statistic here returns."""

import math
from dataclasses import dataclass

from scipy.special import stdtr, stdtrit

LEVEL = 0.05
"""Two-sided error of an interval and of a test, unless told otherwise: 95 % intervals."""


@dataclass(frozen=True)
class Estimate:
    """A mean whose error follows Student's distribution. What is not defined is NaN."""

    value: float
    stderr: float
    freedom: float
    """Degrees of freedom; not always whole."""
    num_seeds: int
    num_items: int | None = None
    """Items that both sides answered; None where the value was not made item by item."""

    def interval(self, level: float = LEVEL) -> tuple[float, float]:
        """The interval that covers the truth in 1 - level of all cases; NaN without an error."""
        if not math.isfinite(self.stderr):
            return math.nan, math.nan
        reach = float(stdtrit(self.freedom, 1 - level / 2)) * self.stderr
        return self.value - reach, self.value + reach

    @property
    def pvalue(self) -> float:
        """Two-sided, of the value being 0; NaN without an error."""
        if not math.isfinite(self.stderr):
            return math.nan
        if self.stderr == 0:
            return 1.0 if self.value == 0 else 0.0
        return float(2 * stdtr(self.freedom, -abs(self.value) / self.stderr))
