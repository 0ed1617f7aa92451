"""Tests that belong together, one a band: corrected among themselves, and shown under the same columns."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from src.report.blocks import Column, count, decimals, pvalue, signed, span
from src.statistics.detectable import smallest_detectable
from src.statistics.estimate import Estimate
from src.statistics.holm import Corrected, holm

COLUMNS = (
    Column("difference", signed(3)),
    Column("95 % interval", span(3)),
    Column("p (Holm)", pvalue),
    Column("interval at Holm's level", span(3)),
    Column("smallest detectable", decimals(3)),
    Column("seeds", count),
    Column("items", count),
)
DETECTABLE = "smallest detectable: the true difference that the test would have found with 80 % power"


@dataclass(frozen=True)
class Tested:
    """One difference among several."""

    estimate: Estimate
    corrected: Corrected

    @property
    def interval(self) -> tuple[float, float]:
        """At the level at which Holm's procedure tested it."""
        return self.estimate.interval(self.corrected.level)

    def cells(self) -> list[Any]:
        """The values under `COLUMNS`."""
        one = self.estimate
        detectable = smallest_detectable(one, self.corrected.level)
        numbers = [one.value, one.interval(), self.corrected.pvalue, self.interval, detectable]
        return [*numbers, one.num_seeds, one.num_items]


def tested_together(estimates: Sequence[Estimate]) -> list[Tested]:
    """Correct the tests of some differences for how many they are."""
    levels = holm([one.pvalue for one in estimates])
    return [Tested(one, level) for one, level in zip(estimates, levels, strict=True)]
