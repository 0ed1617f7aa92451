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


def columns(*names: str, more: Sequence[Column] = ()) -> list[Column]:
    """Those of a table of tests: what each is of, in words, and `more` before its numbers."""
    return [*(Column(name, numeric=False) for name in names), *more, *COLUMNS]


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

    def cells(self) -> list[Any]:
        """The values under `COLUMNS`."""
        one = self.estimate
        numbers = [one.value, one.interval(), self.corrected.pvalue, self.interval, self.detectable]
        return [*numbers, one.num_seeds, one.num_items]


def tested_together(estimates: Sequence[Estimate]) -> list[Tested]:
    """Correct the tests of some differences for how many they are."""
    levels = holm([one.pvalue for one in estimates])
    return [Tested(one, level) for one, level in zip(estimates, levels, strict=True)]
