"""The comparison in the terminal, at most 100 columns wide."""

from collections.abc import Iterator

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from src.analysis.arm_scores import mean_of
from src.analysis.material import Material
from src.report.run_table import rich_table
from src.report.sections.scores import band_order

MOST_ROWS = 40
"""Of a table with a row a run; more runs are shown by arm."""
_COLUMNS = {"task": "left", "band": "left", "condition": "left", "seeds": "right", "before": "right",
            "after": "right", "95 % interval": "right"}  # fmt: skip


def print_table(material: Material, console: Console, title: str) -> None:
    """A row a run and task; of many runs, or of runs under several conditions, a row an arm and task."""
    study = material.study
    few = len(study.compared) <= MOST_ROWS and not study.conditions
    console.print(rich_table(study.runs, title) if few else _by_arm(material, title.partition(":")[0]))


def _by_arm(material: Material, title: str) -> Table:
    title += ": mean over seeds, interval over seeds and items"
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, collapse_padding=True)
    for column, side in _COLUMNS.items():
        table.add_column(column, justify=side, overflow="fold")
    for cells in _rows(material):
        table.add_row(*cells)
    return table


def _rows(material: Material) -> Iterator[tuple[str, ...]]:
    study = material.study
    for task in material.scores:
        for one in sorted(task.arms, key=lambda one: (study.condition(one.arm), band_order(one.arm))):
            found = one.estimate()
            low, high = found.interval()
            ends = f"{low:.3f} to {high:.3f}" if low == low else "-"
            before = f"{mean_of(one.base).value:.3f}" if one.base else "-"
            numbers = (str(found.num_seeds), before, f"{found.value:.3f}", ends)
            yield task.task, one.arm.band, study.condition(one.arm), *numbers
