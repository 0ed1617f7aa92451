"""Whether the gain of two tasks sits at one place: their path shares, block by block."""

import re
from collections.abc import Sequence
from pathlib import Path

from src.errors import DataError
from src.intervene.quantity import Quantity
from src.statistics.profile_correlation import ProfileCorrelation, profile_correlation
from src.storage.csv_file import write_csv

TABLE = "two_tasks.csv"
_HEADER = ("first", "second", "quantity", *ProfileCorrelation._fields)


def write_same_place(
    out: Path, tasks: tuple[str, str], first: Sequence[Quantity], second: Sequence[Quantity]
) -> None:
    """Spearman's correlation of means over seeds and items, worth fewer blocks than there are.

    Args:
        out: the folder.
        tasks: what each is called.
        first: quantities over the runs of one task.
        second: those of the other, of the same model.

    Raises:
        DataError: the blocks are not the same.
    """
    one, other = (_shares(rows) for rows in (first, second))
    if one.keys() != other.keys():
        raise DataError(f"{TABLE}: given {len(one)} and {len(other)} blocks; accepted: runs of one model")
    found = profile_correlation([one[name] for name in sorted(one)], [other[name] for name in sorted(other)])
    write_csv(out / TABLE, _HEADER, [(*tasks, "path share of a block", *found)])


def _shares(rows: Sequence[Quantity]) -> dict[int, float]:
    """By block; what lies before and behind the blocks is none."""
    places = {row.player: re.fullmatch(r"block (\d+)", row.player) for row in rows}
    return {
        int(found[1]): row.estimate.value
        for row in rows
        if row.kind == "path" and row.score == "logp" and (found := places[row.player])
    }
