"""Which rows a selection by gradient took, arm by arm."""

from src.analysis.selected_rows import selected_rows
from src.report.columns import columns
from src.report.parts import table_section
from src.report.table import Table

_NOTE = (
    "Means over steps and seeds. tokens: supervised ones of a chosen row; more: than its candidates have, "
    "with Student's interval over seeds. gradient: of chosen rows over that of candidates. as ...: the share "
    "of them that this choice would have taken from the same candidates at the same weights; by lot: what "
    "lots would share. What the published description leaves open is labelled inferred in run.json."
)
_HEADS = columns(
    *("condition", "selected_length", "longer", "longer_ci", "gradient_ratio"),
    *("as_moderate", "as_low", "as_high", "as_random", "by_chance", "num_seeds"),
)
_TITLE = "Rows that were chosen"
SECTION = table_section(
    _TITLE, "runs with data.select", selected_rows, Table("selected_rows", _TITLE, _HEADS, (), _NOTE)
)
