"""A number that an analysis says of parts of an update, item by item, and the table of many."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy
from numpy import ndarray
from rich.console import Console
from rich.table import Table

from src.errors import DataError
from src.statistics.estimate import Estimate
from src.statistics.holm import holm
from src.statistics.simultaneous import simultaneous_level
from src.statistics.two_way_model import crossed
from src.storage.csv_file import write_csv

UNITS = {
    "logp": "nats a token",
    "english": "nats a byte",
    "exact": "share of rows",
    "kl_tuned": "nats a token",
    "accuracy": "share of tokens",
}
"""Of the scores."""
LOWER_IS_BETTER = ("english", "kl_tuned")
"""Of the scores: a loss, and a distance."""
HEADER = (
    "score", "kind", "player", "value", "stderr", "ci_low", "ci_high", "p_holm", "num_seeds", "num_items",
    "band_low", "band_high",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Quantity:
    """One number, item by item."""

    score: str
    """A key of `UNITS`: that of the task, or of a text that was not trained."""
    kind: str
    """What it is, such as gain, alone, shapley: corrected over all players of one kind."""
    player: str
    """Which parts of the model it is of."""
    values: ndarray
    """[seed, item]"""
    share: bool = False
    """A share of items, and no difference of two: its interval stays within 0 and 1."""

    @cached_property
    def estimate(self) -> Estimate:
        """Over seeds and items; of one seed over items, given its weights."""
        return replace(crossed(self.values), share=self.share)


def quantity(score: str, kind: str, player: str, values: ndarray) -> Quantity:
    """Of one run: `values` [item]."""
    return Quantity(score, kind, player, numpy.asarray(values, dtype=float)[None])


def over_seeds(runs: Sequence[Sequence[Quantity]]) -> list[Quantity]:
    """The quantities of several runs of one arm as those of seeds x items.

    Raises:
        DataError: the runs have other players or items.
    """
    found = []
    for same in zip(*runs, strict=True):
        names = {(one.score, one.kind, one.player, one.values.shape[1]) for one in same}
        if len(names) > 1:
            given = " and ".join(sorted({f"{name[2]} ({name[3]} items)" for name in names}))
            raise DataError(f"runs: given {given}; accepted: runs of one arm, which differ by seed alone")
        values = numpy.concatenate([one.values for one in same])
        found.append(replace(same[0], values=values))
    return found


def write_quantities(path: Path, rows: Sequence[Quantity]) -> None:
    """One line a number, with its 95 % interval.

    p_holm, band_low, band_high: of all players of one kind together, a corrected test and the band that holds
    the whole curve.
    """
    corrected: dict[int, float] = {}
    level: dict[tuple[str, str], float] = {}
    for family in dict.fromkeys((row.score, row.kind) for row in rows):
        members = [row for row in rows if (row.score, row.kind) == family]
        tests = holm([row.estimate.pvalue for row in members])
        level[family] = simultaneous_level([row.values for row in members])
        corrected |= {id(row): test.pvalue for row, test in zip(members, tests, strict=True)}
    write_csv(path, HEADER, [
        (row.score, row.kind, row.player, row.estimate.value, row.estimate.stderr, *row.estimate.interval(),
         corrected[id(row)], row.estimate.num_seeds, row.estimate.num_items,
         *row.estimate.interval(level[row.score, row.kind])) for row in rows
    ])  # fmt: skip


def print_quantities(console: Console, rows: Sequence[Quantity]) -> None:
    """A table a score: each number with its 95 % interval."""
    for score in dict.fromkeys(row.score for row in rows):
        table = Table(title=f"{score}, {UNITS[score]}", title_justify="left")
        for column in ("what", "of", "value", "95 % interval"):
            table.add_column(column, justify="right" if column == "value" else "left")
        for row in rows:
            if row.score == score:
                low, high = row.estimate.interval()
                table.add_row(row.kind, row.player, f"{row.estimate.value:.4f}", f"{low:.4f} to {high:.4f}")
        console.print(table)
