"""Every band under one meaning of alpha against itself under another."""

from src.analysis.material import Material
from src.analysis.scalings import scaling_rows
from src.report.columns import TESTED, columns
from src.report.parts import Block, Section
from src.report.sections.forgetting import DETECTABLE
from src.report.table import Table

_NOTE = (
    "difference: score under fixed_alpha minus that of the same band under the other scaling, paired by seed "
    "and item; the scatter over seeds is pooled over both scalings of all bands. Holm over bands. "
    f"Arms whose updates have one scale under both, as the whole stack, are left out. {DETECTABLE}."
)


def build(material: Material) -> list[Block]:
    """One table, a row a task, condition and band."""
    rows = scaling_rows(material)
    heads = columns("task", "condition", "band", "against", *TESTED, value="difference")
    title = "One band, two meanings of alpha"
    return [Table("scalings", title, heads, rows, _NOTE, len(rows) > 30)] if rows else []


SECTION = Section(
    "Scale of the updates", "one band under method.scaling=fixed_alpha and under another scaling", build
)
