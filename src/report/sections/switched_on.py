"""A penalty, a selection of rows or a rank of activations against the same runs without it."""

from src.analysis.material import Material
from src.analysis.switched_on import switched_rows
from src.report.columns import TESTED, columns
from src.report.parts import Block, Section
from src.report.sections.forgetting import DETECTABLE
from src.report.table import Table

_NOTE = (
    "difference: score with the setting minus that of the same arm without it, paired by seed and item. Holm "
    f"over the arms of a task that are held against one arm. {DETECTABLE}."
)


def build(material: Material) -> list[Block]:
    """One table, a row a task, setting and arm."""
    rows = material.get(switched_rows)
    heads = columns("task", "setting", "setting_value", "condition", *TESTED, value="difference")
    title = "With a setting and without it"
    return [Table("switched_on", title, heads, rows, _NOTE, len(rows) > 30)] if rows else []


SECTION = Section(
    "Settings switched on",
    "one arm with and without method.penalty, data.select or train.activation_rank, all else alike",
    build,
)
