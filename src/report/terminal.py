"""The comparison in the terminal, at most 100 columns wide."""

from rich import table as rich
from rich.box import SIMPLE_HEAD
from rich.console import Console

from src.analysis.material import Material
from src.analysis.run_rows import run_rows
from src.analysis.score_rows import score_rows
from src.report.columns import columns
from src.report.crowd import MOST
from src.report.number_format import decimals, span
from src.report.sections.runs import COLUMNS
from src.report.table import Column, Table

MOST_ROWS = 40
"""Of a table with a row a run; more runs are shown by arm."""
_WIDE = ("condition", "blocks")


def print_table(material: Material, console: Console, name: str) -> None:
    """A row a run and task; of many runs, or of runs under several conditions, a row an arm and task."""
    study = material.study
    if len(study.compared) <= MOST_ROWS and not study.conditions:
        shown = [column for column in COLUMNS if column.keys[0] not in _WIDE]
        table = Table("runs", f"{name}: score ± standard error", shown, run_rows(study))
    else:
        table = _by_arm(material, f"{name}: mean over seeds, interval over seeds and items")
    if table.rows:
        console.print(rich_table(table, MOST))
        if (rest := len(table.rows) - MOST) > 0:
            console.print(f"  and {rest:,} further rows: {table.name}.csv beside the page", markup=False)
    else:
        console.print(f"{name}: {len(study.compared)} runs compared, none with a score", markup=False)


def rich_table(table: Table, most_rows: int | None = None) -> rich.Table:
    """The first rows of a table for the terminal, all where no number is given; no cell is cut."""
    found = rich.Table(title=table.title, title_justify="left", box=SIMPLE_HEAD, collapse_padding=True)
    for column in table.columns:
        found.add_column(column.title, justify="right" if column.numeric else "left", overflow="fold")
    for cells in table.shown(most_rows):
        found.add_row(*cells)
    return found


def _by_arm(material: Material, title: str) -> Table:
    names = [name.removesuffix(".name") for name in material.study.conditions]
    rows = [
        row | {"condition": ", ".join(str(row[name]) for name in names)}
        for row in score_rows(material.study, material.scores)
        if row.get("after") is not None
    ]
    interval = Column(("ci_low", "ci_high"), "95 % interval", span(decimals(3)))
    shown = columns("task", "band", "condition", "num_seeds", "before", "after", interval)
    return Table("scores", title, shown, rows)
