"""A penalty, a selection of rows or a rank of activations against none, and against another of its kind."""

from src.analysis.switched_on import compared_rows, switched_rows
from src.report.columns import TESTED, columns
from src.report.parts import table_section
from src.report.sections.forgetting import DETECTABLE
from src.report.table import Table

_NOTE = (
    "difference: score with the setting minus that of the same arm without it, paired by seed and item. Holm "
    f"over the arms of a task that are held against one arm. {DETECTABLE}."
)


_HEADS = columns("task", "setting", "setting_value", "condition", *TESTED, value="difference")
_NEEDS = "one arm with and without method.penalty, data.select or train.activation_rank, all else alike"
_TABLE = Table("switched_on", "With a setting and without it", _HEADS, (), _NOTE)
SECTION = table_section("Settings switched on", _NEEDS, switched_rows, _TABLE)

_COMPARED_NOTE = (
    "difference: score with the first value minus that with the second, paired by seed and item. Holm over "
    f"the pairs of a task that differ in nothing else. {DETECTABLE}."
)
_COMPARED_HEADS = columns(
    "task", "setting", "setting_value", "against", "condition", *TESTED, value="difference"
)
_COMPARED_NEEDS = "two values of method.penalty, data.select or train.activation_rank, all else alike"
_COMPARED = Table("settings_compared", "One value and another", _COMPARED_HEADS, (), _COMPARED_NOTE)
COMPARED = table_section("Settings against each other", _COMPARED_NEEDS, compared_rows, _COMPARED)
