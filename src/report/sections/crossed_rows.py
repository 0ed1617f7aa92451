"""Seeds crossed with sets of rows: bands against LoRA over both, and what scatters."""

from collections.abc import Sequence
from dataclasses import replace

from src.analysis.crossed_rows import difference_rows, share_rows
from src.analysis.families import Row
from src.analysis.material import Material
from src.report.columns import TESTED, columns
from src.report.crowd import first_conditions
from src.report.forest import forest
from src.report.number_format import pvalue
from src.report.parts import Block, Chart, Section
from src.report.plot import Plot
from src.report.sections.forgetting import DETECTABLE
from src.report.table import Table

_DRAWN = ("num_seeds", "num_row_sets")
_BEYOND = [name for name in TESTED if name not in ("num_items", *_DRAWN)]
_PARTS = ("between_seeds", "between_rows", "between_rest", "p_between_seeds", "p_between_rows")
_DIFFERENCES = Table(
    "crossed_rows",
    "Bands against LoRA, over seeds and sets of rows",
    columns("task", "condition", "band", *_BEYOND, *_DRAWN, value="difference"),
    (),
    "difference: score minus that of LoRA on the whole stack, of one seed on one set of rows. The error is "
    "that of new seeds on new sets (a two-way random model); over two sets all arms share one scatter. "
    f"Holm over bands. Arms that lack a seed or a set are left out. {DETECTABLE}.",
)
_SHARES = Table(
    "crossed_shares",
    "What scatters",
    columns("task", "condition", *_PARTS, "num_arms", *_DRAWN),
    (),
    "Shares of the variance of one run's difference between arms: of seeds; of the set of rows, which is "
    "what is trained on, and the test rows where they are drawn with it; and of the rest, seeds on rows and "
    "test items. p: F test of a part against the rest. Bands whose blocks differ by seed are left out.",
)


_NOTE = (
    "Over new seeds and new sets of rows. Thick: 95 % interval. Thin: the interval at Holm's level among all "
    "bands of the condition."
)


def build(material: Material) -> Sequence[Block]:
    """A forest plot with a choice of task, and two tables."""
    tables = ((_DIFFERENCES, difference_rows), (_SHARES, share_rows))
    found = [replace(table, rows=rows) for table, of in tables if (rows := material.get(of))]
    drawn = _plots(material)
    title = "Band minus LoRA on the whole stack, over seeds and sets of rows"
    return [*([Chart("crossed", title, drawn, _NOTE, "task")] if drawn else []), *found]


def pictures(material: Material) -> dict[str, Plot]:
    """bands_over_rows, of the first task."""
    first = next(iter(_plots(material).values()), None)
    return {} if first is None else {"bands_over_rows": first}


def _plots(material: Material) -> dict[str, Plot]:
    by_task: dict[str, list[Row]] = {}
    for row in material.get(difference_rows):
        by_task.setdefault(row["task"], []).append(row)
    return {task: _forest(task, rows) for task, rows in by_task.items()}


def _forest(task: str, rows: Sequence[Row]) -> Plot:
    rows, caption = first_conditions(rows, lambda row: str(row["condition"]))
    several = len({row["condition"] for row in rows}) > 1
    names = [f"{row['band']}, {row['condition']}" if several else row["band"] for row in rows]
    value, ci_low, ci_high, holm_low, holm_high = (
        [row[name] for row in rows] for name in ("value", "ci_low", "ci_high", "holm_low", "holm_high")
    )
    title, texts = f"{task}: difference to LoRA on the whole stack", [_told(row) for row in rows]
    return forest(title, names, value, (ci_low, ci_high), (holm_low, holm_high), texts, caption=caption)


def _told(row: Row) -> str:
    spans = f"95 %: {row['ci_low']:+.3f} to {row['ci_high']:+.3f}<br>p (Holm) {pvalue(row['p_holm'])}"
    counts = f"{row['num_seeds']} seeds on {row['num_row_sets']} sets of rows"
    return f"{row['band']} {row['condition']}<br>{row['value']:+.3f}<br>{spans}<br>{counts}"


_NEEDS = "three arms or more, each seed on each of several sets of rows (data.seed)"
SECTION = Section("Seeds and rows", _NEEDS, build)
