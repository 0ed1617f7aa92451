"""Every arm at its best learning rate, and against the whole stack at its own best."""

from src.analysis.best_rate import rate_rows
from src.analysis.material import Material
from src.report.columns import TESTED, columns
from src.report.parts import Block, Section
from src.report.sections.forgetting import DETECTABLE
from src.report.table import Table

_NOTE = (
    "The rate with the best mean over seeds on validation rows, which no score uses. Without such rows the "
    "rate of each seed is the one with the best mean over the other seeds, and intervals, which take seeds "
    "as independent, are approximate. Behind a rate: how many seeds chose it. difference: to LoRA on the "
    f"whole stack at its own best rate; Holm's correction among the arms of a condition. {DETECTABLE}."
)


def build(material: Material) -> list[Block]:
    """One table, a row a task, condition and arm."""
    rows = rate_rows(material)
    heads = columns("task", "condition", "band", "rates", "score", "score_ci", *TESTED, value="difference")
    title = "Each arm at its best learning rate"
    return [Table("best_rates", title, heads, rows, _NOTE, len(rows) > 30)] if rows else []


SECTION = Section(
    "Best learning rates", "one band at several learning rates: sweeps/band_study_rates.yaml", build
)
