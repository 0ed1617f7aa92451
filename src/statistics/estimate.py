"""A number with its uncertainty: what every statistic here returns."""

import math
from dataclasses import dataclass

from src.statistics.bounded import share_ends
from src.statistics.student import LEVEL, t_reach, two_sided


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
    share: bool = False
    """A share of right answers: its interval stays within 0 and 1, and there is none at 0 or 1."""

    @property
    def known(self) -> bool:
        """Whether there is an error. A few seeds that all agree have none: nothing was seen to vary."""
        return self.stderr > 0 or (self.stderr == 0 and self.num_items is not None)

    def interval(self, level: float = LEVEL) -> tuple[float, float]:
        """The interval that covers the truth in 1 - level of all cases; NaN without an error."""
        if not self.known:
            return math.nan, math.nan
        reach = float(t_reach(self.stderr, self.freedom, level))
        if self.share:
            low, high = share_ends(self.value, reach)
            return float(low), float(high)
        return self.value - reach, self.value + reach

    @property
    def pvalue(self) -> float:
        """Two-sided, of the value being 0; NaN without an error."""
        if not self.known:
            return math.nan
        if self.stderr == 0:
            return 1.0 if self.value == 0 else 0.0
        return float(two_sided(self.value, self.stderr, self.freedom))
