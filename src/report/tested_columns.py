"""The columns under which tests that belong together are shown."""

from collections.abc import Sequence
from typing import Any

from src.analysis.families import Tested
from src.report.blocks import Column, count, decimals, pvalue, signed, span

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


def cells(one: Tested) -> list[Any]:
    """The values under `COLUMNS`."""
    estimate = one.estimate
    ends = (estimate.interval(), one.corrected.pvalue, one.interval, one.detectable)
    return [estimate.value, *ends, estimate.num_seeds, estimate.num_items]
