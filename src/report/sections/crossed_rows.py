"""Seeds crossed with sets of rows: bands against LoRA over both, and what scatters."""

from collections.abc import Sequence
from dataclasses import replace

from src.analysis.crossed_rows import difference_rows, share_rows
from src.analysis.material import Material
from src.report.columns import TESTED, columns
from src.report.parts import Block, Section
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


def _build(material: Material) -> Sequence[Block]:
    tables = ((_DIFFERENCES, difference_rows), (_SHARES, share_rows))
    return [replace(table, rows=rows) for table, of in tables if (rows := material.get(of))]


_NEEDS = "three arms or more, each seed on each of several sets of rows (data.seed)"
SECTION = Section("Seeds and rows", _NEEDS, _build)
