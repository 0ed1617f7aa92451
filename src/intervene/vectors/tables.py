"""The tables of vectors in place of weights."""

from collections.abc import Sequence
from pathlib import Path

from src.intervene.causal.summary import Summary, ratio
from src.intervene.quantity import Quantity, write_quantities
from src.storage.csv_file import write_csv

_ENDS = ("gain", "slope")
"""Kinds that bring nothing: what is to be recovered, and how fast a score rises at the base."""
_CONTROLS = ("random", "other_block", "wrong_rows")
"""Of a shift, which are told in words alone."""


def recovered(rows: Sequence[Quantity], name: str) -> list[Summary]:
    """What each variant recovers of the gain of the task, with Fieller's interval.

    `name`: patch, whose controls are left out, or steer.
    """
    (gain,) = (row.values for row in rows if (row.score, row.kind) == ("logp", "gain"))
    left_out = _ENDS + (_CONTROLS if name == "patch" else ())
    return [
        ratio("logp", f"{row.kind}: {row.player}", row.values, gain)
        for row in rows
        if row.score == "logp" and row.kind not in left_out
    ]


def write_vectors(out: Path, rows: Sequence[Quantity], name: str) -> None:
    """quantities.csv and summary.csv; `name` as for `recovered`."""
    write_quantities(out / "quantities.csv", rows)
    write_csv(out / "summary.csv", Summary._fields, recovered(rows, name))
