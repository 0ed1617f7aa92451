"""Which fifth of the depth is worth training: what training it alone brings where a profile is largest."""

from src.analysis.families import Row
from src.analysis.material import Material
from src.analysis.trained_fifths import trained_fifth_rows
from src.report.columns import TESTED, Column, columns
from src.report.parts import table_section
from src.report.sections.forgetting import DETECTABLE
from src.report.table import Table

_NOTE = (
    "difference: score after training one fifth of the depth alone, mean over the two fifths where the "
    "profile of the whole stack is largest less that over the other three, turned so that above 0 is better; "
    "paired by seed and item, the scatter over seeds pooled over the fifths. Holm over the profiles of a "
    f"condition. rho: Spearman's over the five, without an interval. {DETECTABLE}."
)


_HEADS = columns(
    "task", "condition", "run", Column(("predictor",), "profile", numeric=False, wide=True),
    Column(("fifths",), "largest in", numeric=False), *TESTED, "rho", run="profile of", value="difference",
)  # fmt: skip
_TITLE = "Which fifth is worth training?"
_NEEDS = "each fifth of the depth trained alone, and the causal profile of a run of the whole stack"


def _rows(material: Material) -> list[Row]:
    return [row | {"predictor": row["predictor"].replace("_", " ")} for row in trained_fifth_rows(material)]


SECTION = table_section(_TITLE, _NEEDS, _rows, Table("trained_fifths", _TITLE, _HEADS, (), _NOTE))
