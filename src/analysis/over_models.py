"""One contrast over several models: its mean effect, and how much models differ in it."""

from src.analysis.contrasts import Contrast
from src.analysis.families import Row
from src.analysis.material import Material
from src.statistics.random_effects import summarise_models

_MODEL = "model.name"


def model_rows(material: Material) -> list[Row]:
    """A row a task, band and condition that at least three models ran, against the whole stack of each."""
    rows: list[Row] = []
    for task, found in material.contrasts.items():
        groups: dict[tuple[str, str], dict[str, Contrast]] = {}
        for one in found:
            if one.arm is not None and _MODEL in one.arm.factors:
                key = one.name, material.study.condition(one.arm, _MODEL)
                groups.setdefault(key, {})[one.arm.factors[_MODEL]] = one
        for (band, condition), models in groups.items():
            summary = summarise_models([one.estimate for one in models.values()])
            if summary is not None:
                key_row = {"task": task, "band": band, "condition": condition}
                ends = {"ci_low": summary.low, "ci_high": summary.high}
                told = {"value": summary.value, "tau2": summary.tau2, "num_models": summary.num_models}
                rows.append(key_row | told | ends)
    return rows
