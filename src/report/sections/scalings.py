"""Every band under one meaning of alpha against itself under another."""

from src.analysis.scalings import scaling_rows
from src.report.columns import TESTED, columns
from src.report.parts import table_section
from src.report.sections.forgetting import DETECTABLE
from src.report.table import Table

_NOTE = (
    "difference: score under fixed_alpha minus that of the same band under the other scaling, paired by seed "
    "and item; the scatter over seeds is pooled over both scalings of all bands. Holm over bands. "
    f"Arms whose updates have one scale under both, as the whole stack, are left out. {DETECTABLE}."
)


_HEADS = columns("task", "condition", "band", "against", *TESTED, value="difference")
_NEEDS = "one band under method.scaling=fixed_alpha and under another scaling"
_TABLE = Table("scalings", "One band, two meanings of alpha", _HEADS, (), _NOTE)
SECTION = table_section("Scale of the updates", _NEEDS, scaling_rows, _TABLE)
