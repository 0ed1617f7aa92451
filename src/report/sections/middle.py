"""Models against each other in the middle of their depth."""

from src.analysis.material import Material
from src.analysis.middle import MIDDLE, middle_rows
from src.report.columns import columns
from src.report.parts import Block, Section
from src.report.table import Table

_NOTE = (
    f"difference: mean over the layers in {MIDDLE[0]:.0%} to {MIDDLE[1]:.0%} of depth, the first model's "
    "minus the second's, paired by seed; 95 % interval by Student's t over seeds, uncorrected. "
    "Models differ in much else, and seeds say nothing of other models."
)


def build(material: Material) -> list[Block]:
    """One table, a row a metric, stage and pair of models."""
    rows = material.get(middle_rows)
    heads = columns("metric", "stage", "model", "against", "value", "ci", "num_seeds", value="difference")
    title = "Models in the middle of their depth"
    return [Table("middle", title, heads, rows, _NOTE, len(rows) > 30)] if rows else []


SECTION = Section(
    "Models in the middle of their depth", "two to five models that differ in nothing else", build
)
