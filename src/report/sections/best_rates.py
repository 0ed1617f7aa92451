"""Every arm at its best learning rate, and against the whole stack at its own best."""

from src.analysis.best_rate import rate_rows
from src.report.columns import TESTED, columns
from src.report.parts import table_section
from src.report.sections.forgetting import DETECTABLE
from src.report.table import Table

_NOTE = (
    "The rate with the best mean over seeds on validation rows, which no score uses. Without such rows the "
    "rate of each seed is the one with the best mean over the other seeds, and intervals, which take seeds "
    "as independent, are approximate. Behind a rate: how many seeds chose it. difference: to LoRA on the "
    f"whole stack at its own best rate; Holm's correction among the arms of a condition. {DETECTABLE}."
)


_HEADS = columns("task", "condition", "band", "rates", "score", "score_ci", *TESTED, value="difference")
_NEEDS = "one band at several learning rates: sweeps/band_study_rates.yaml"
_TABLE = Table("best_rates", "Each arm at its best learning rate", _HEADS, (), _NOTE)
SECTION = table_section("Best learning rates", _NEEDS, rate_rows, _TABLE)
