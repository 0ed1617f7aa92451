"""Models against each other in the middle of their depth."""

from src.analysis.middle import MIDDLE, middle_rows
from src.report.columns import columns
from src.report.parts import table_section
from src.report.table import Table

_NOTE = (
    f"difference: mean over the layers in {MIDDLE[0]:.0%} to {MIDDLE[1]:.0%} of depth, the first model's "
    "minus the second's, paired by seed; 95 % interval by Student's t over seeds, uncorrected. "
    "Models differ in much else, and seeds say nothing of other models."
)


_HEADS = columns("metric", "stage", "model", "against", "value", "ci", "num_seeds", value="difference")
_TITLE = "Models in the middle of their depth"
_NEEDS = "two to five models that differ in nothing else"
SECTION = table_section(_TITLE, _NEEDS, middle_rows, Table("middle", _TITLE, _HEADS, (), _NOTE))
