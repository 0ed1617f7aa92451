"""The profile as tables in the terminal and as CSV files."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from numpy import ndarray
from rich.console import Console
from rich.table import Table

from src.intervene.causal.hybrids import Hybrid
from src.intervene.causal.measure import Found
from src.intervene.causal.predictors import Prediction
from src.intervene.causal.summary import Summary
from src.intervene.quantity import UNITS, Quantity
from src.statistics.cooperative_game import ADDS_UP, MOSTLY
from src.storage.csv_file import write_csv

COLUMNS = ("alone", "left_out", "path")


def write_summaries(path: Path, found: Sequence[Summary]) -> None:
    """One line a summary, with its 95 % interval; an end that does not exist stays empty."""
    write_csv(path, Summary._fields, found)


def write_readings(path: Path, found: Sequence[tuple[str, Found]]) -> None:
    """One line a run and score: what is known of each run by itself."""
    header = ("run", "score", "additivity", "residual", "num_off")
    write_csv(path, header, [(run, *(getattr(one, name) for name in header[1:])) for run, one in found])


def write_hybrids(path: Path, found: Sequence[tuple[str, Found]]) -> None:
    """One line a run, score and variant."""
    header = ("run", "score", *Hybrid._fields)
    write_csv(path, header, [(run, one.score, *hybrid) for run, one in found for hybrid in one.hybrids])


def write_predictions(
    folder: Path, found: Sequence[Prediction], sides: Mapping[str, ndarray], blocks: Sequence[int]
) -> None:
    """predictions.csv, and the profiles over `blocks` behind it as observed.csv."""
    write_csv(folder / "predictions.csv", Prediction._fields, found)
    points = [
        (name, block, value)
        for name, values in sides.items()
        for block, value in zip(blocks, values, strict=True)
    ]
    write_csv(folder / "observed.csv", ("predictor", "block", "value"), points)


def print_profile(console: Console, rows: Sequence[Quantity], score: str) -> None:
    """By block what it brings alone, what is lost without it, and its share; then the segments."""
    mine = [row for row in rows if row.score == score]
    title = f"what each block carries of the change in {score}, {UNITS[score]}"
    table = Table(title=title, title_justify="left")
    for column in ("block", *COLUMNS, "left_out, 95 % interval"):
        table.add_column(column, justify="left" if column == "block" else "right")
    values = {(row.kind, row.player): row.estimate for row in mine}
    for name in [row.player for row in mine if row.kind == "alone"]:
        low, high = values["left_out", name].interval()
        cells = [f"{values[kind, name].value:.4f}" if (kind, name) in values else "" for kind in COLUMNS]
        table.add_row(name, *cells, f"{low:.4f} to {high:.4f}")
    if table.row_count:
        console.print(table)
    for row in mine:
        if row.kind in ("gain", "shapley", "pair"):
            low, high = row.estimate.interval()
            line = f"{row.kind} {row.player}: {row.estimate.value:.4f} ({low:.4f} to {high:.4f})"
            console.print(line, highlight=False)


def print_summaries(console: Console, found: Sequence[Summary], score: str) -> None:
    """One line each."""
    for one in found:
        if one.score == score:
            ends = f"({one.low:.3f} to {one.high:.3f})" if math.isfinite(one.low) else "(no interval)"
            console.print(f"{one.name}: {one.value:.3f} {ends}", highlight=False)


def in_words(additivity: float) -> str:
    """What additivity means for whoever reads the profile."""
    told = f"{100 * additivity:.0f} % of what coalitions of segments differ in is told by segments one by one"
    if additivity < ADDS_UP:
        return f"{told}: the parts do not add up, and a profile of single blocks would mislead"
    return f"{told}: the parts add up{'' if additivity >= MOSTLY else ' in part, and overlap in part'}"
