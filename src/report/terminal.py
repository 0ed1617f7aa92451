"""The comparison in the terminal, at most 100 columns wide."""

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from src.report.scores import read_scores
from src.report.sections.scores import band_order
from src.report.study import Study
from src.report.table import rich_table

MOST_ROWS = 40
"""Of a table with a row a run; more runs are shown by arm."""


def print_table(study: Study, console: Console, title: str) -> None:
    """A row a run and task; of many runs a row an arm and task."""
    console.print(
        rich_table(study.runs, title) if len(study.compared) <= MOST_ROWS else _by_arm(study, title)
    )


def _by_arm(study: Study, title: str) -> Table:
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, collapse_padding=True)
    for column in ("task", "band", "condition", "seeds", "after", "95 % interval"):
        table.add_column(
            column, justify="left" if column in ("task", "band", "condition") else "right", no_wrap=True
        )
    for task in read_scores(study):
        for one in sorted(task.arms, key=lambda one: (study.condition(one.arm), band_order(one.arm))):
            found = one.estimate()
            low, high = found.interval()
            ends = f"{low:.3f} to {high:.3f}" if low == low else "–"
            cells = (
                task.task,
                one.arm.band,
                study.condition(one.arm),
                str(found.num_seeds),
                f"{found.value:.3f}",
                ends,
            )
            table.add_row(*cells)
    return table
