"""Tests that belong together, one a band: corrected among themselves; and estimates as rows of a table."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from src.statistics.detectable import smallest_detectable
from src.statistics.estimate import Estimate
from src.statistics.holm import Corrected, holm

Row = dict[str, Any]
"""Of a table: stable column name to value; a missing value is None or NaN."""


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

    @property
    def row(self) -> Row:
        """Value, both intervals, the corrected p-value, and what stands behind them."""
        tested = {"p_holm": self.corrected.pvalue, "detectable": self.detectable}
        return estimate_row(self.estimate) | tested | ends_row("holm", self.interval)


def tested_together(estimates: Sequence[Estimate]) -> list[Tested]:
    """Correct the tests of some differences for how many they are."""
    levels = holm([one.pvalue for one in estimates])
    return [Tested(one, level) for one, level in zip(estimates, levels, strict=True)]


def estimate_row(estimate: Estimate) -> Row:
    """Value, its 95 % interval, seeds and items."""
    counts = {"num_seeds": estimate.num_seeds, "num_items": estimate.num_items}
    return {"value": estimate.value} | ends_row("ci", estimate.interval()) | counts


def ends_row(name: str, ends: tuple[float, float]) -> Row:
    """The two columns of an interval."""
    return {f"{name}_low": ends[0], f"{name}_high": ends[1]}
