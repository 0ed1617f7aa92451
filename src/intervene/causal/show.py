"""The profile as a table in the terminal and as a CSV file."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from src.intervene.causal.profile import Quantity
from src.storage.files import write_text

COLUMNS = ("alone", "left_out", "path")
ADDS_UP = 0.5
"""Additivity from which on a profile of single parts says something."""


def write_csv(path: Path, rows: Sequence[Quantity]) -> None:
    """One line a number, with its 95 % interval over items."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["kind", "player", "value", "stderr", "ci_low", "ci_high", "num_items"])
    for row in rows:
        found = row.estimate
        writer.writerow([row.kind, row.player, found.value, found.stderr, *found.interval(), found.num_items])
    write_text(path, text.getvalue())


def print_profile(
    console: Console, rows: Sequence[Quantity], additivity: float, residual: float, num_off: int
) -> None:
    """By block what it brings alone, what is lost without it, and its share; then the segments.

    Args:
        console: where to.
        rows: the quantities.
        additivity: of the segments.
        residual: of the path's shares, as a part of the gain.
        num_off: variants that score below both ends.
    """
    table = Table(title="what each block carries of the gain, nats a token", title_justify="left")
    for column in ("block", *COLUMNS, "left_out, 95 % interval"):
        table.add_column(column, justify="left" if column == "block" else "right")
    values = {(row.kind, row.player): row.estimate for row in rows}
    for name in [row.player for row in rows if row.kind == "alone"]:
        low, high = values["left_out", name].interval()
        cells = [f"{values[kind, name].value:.4f}" if (kind, name) in values else "" for kind in COLUMNS]
        table.add_row(name, *cells, f"{low:.4f} to {high:.4f}")
    console.print(table)
    for row in rows:
        if row.kind in ("gain", "shapley"):
            low, high = row.estimate.interval()
            line = f"{row.kind} {row.player}: {row.estimate.value:.4f} ({low:.4f} to {high:.4f})"
            console.print(line, highlight=False)
    share = "of what coalitions of segments differ in is told by segments one by one"
    console.print(f"additivity: {100 * additivity:.0f} % {share}", highlight=False)
    if additivity < ADDS_UP:
        console.print("the parts do not add up: a profile of single blocks would mislead", highlight=False)
    console.print(f"path: residual {100 * residual:.2f} % of the gain", highlight=False)
    console.print(f"variants below both ends: {num_off}", highlight=False)
