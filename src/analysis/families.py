"""Tests that belong together, one a band: corrected among themselves."""

from collections.abc import Sequence
from dataclasses import dataclass

from src.statistics.detectable import smallest_detectable
from src.statistics.estimate import Estimate
from src.statistics.holm import Corrected, holm


@dataclass(frozen=True)
class Tested:
    """One difference among several."""

    estimate: Estimate
    corrected: Corrected
    """Among all tests of its family."""

    @property
    def interval(self) -> tuple[float, float]:
        """At the level at which Holm's procedure tested it."""
        return self.estimate.interval(self.corrected.level)

    @property
    def detectable(self) -> float:
        """The smallest true difference that this test would have found with 80 % power."""
        return smallest_detectable(self.estimate, self.corrected.level)


def tested_together(estimates: Sequence[Estimate]) -> list[Tested]:
    """Correct the tests of some differences for how many they are."""
    levels = holm([one.pvalue for one in estimates])
    return [Tested(one, level) for one, level in zip(estimates, levels, strict=True)]
