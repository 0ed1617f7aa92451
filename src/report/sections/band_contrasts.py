"""Every band against LoRA on the whole stack: intervals, corrected tests, and what could have been seen."""

import math

import numpy

from src.analysis.contrasts import Contrast, in_order
from src.analysis.material import Material
from src.analysis.over_models import model_rows
from src.analysis.segment_contrasts import fifth_pairs
from src.report.columns import TESTED, columns
from src.report.crowd import first_conditions
from src.report.forest import forest
from src.report.number_format import pvalue
from src.report.palette import GREY, looks
from src.report.parts import Block, Chart, Section
from src.report.plot import Plot
from src.report.table import Table

_NOTE = (
    "Error over seeds x items, paired (of one seed: over items alone; where each seed has items of its own: "
    "over seeds alone). Bands that scatter alike over seeds share one variance; a band that scatters more "
    "(F test) keeps its own, and so does a random band. Thick: 95 % interval. Thin: the interval at Holm's "
    "level among all bands of the condition; it leaves 0 out exactly where the test finds a difference. "
    "The pretrained model is tested by itself."
)
_TABLE_NOTE = (
    "smallest detectable: the true difference that the corrected test would have found with 80 % power. "
    "McNemar: seeds whose exact test over items alone has p < 0.05, of all; uncorrected."
)
_HEADS = columns(
    "task", "band", "condition", *TESTED, "p_seeds", "mcnemar", value="difference"
)  # fmt: skip

_BANDS = 5  # fewer are read in the table
_FIFTH_HEADS = columns("task", "condition", "band", "against", *TESTED, value="difference")
_FIFTH_NOTE = (
    "difference: the first fifth minus the second, paired by seed and item; Holm's correction among the ten "
    "pairs of a task and condition. Under one condition all fifths have nearly one rank and scale of updates."
)
_MODEL_HEADS = columns("task", "band", "condition", "value", "ci", "tau2", "num_models", value="difference")
_MODEL_NOTE = (
    "Random effects: DerSimonian and Laird's mean, Hartung and Knapp's 95 % interval. tau²: variance of the "
    "true difference between models."
)


def build(material: Material) -> list[Block]:
    """A forest plot with a choice of task, and one table."""
    found = {label: in_order(rows) for label, rows in material.contrasts.items() if rows}
    if not found:
        return []
    plots = {label: _forest(material, rows, label) for label, rows in found.items()}
    rows = [{"task": label} | one.row for label, ones in found.items() for one in ones]
    title, folded = "Tests of every band against LoRA", len(rows) > 30
    return [
        Chart("differences", "Band minus LoRA on the whole stack", plots, _NOTE, "task"),
        Table("differences", title, _HEADS, rows, _TABLE_NOTE, folded),
        *_fifths(material),
        *_over_models(material),
    ]


def pictures(material: Material) -> dict[str, Plot]:
    """bands_against_lora, of the first task, where a study of bands was run."""
    for label, rows in material.contrasts.items():
        if len(rows) >= _BANDS:
            return {"bands_against_lora": _forest(material, in_order(rows), label)}
    return {}


def _fifths(material: Material) -> list[Block]:
    """One table where all five were trained."""
    rows = material.get(fifth_pairs)
    return (
        [
            Table(
                "fifths_compared",
                "Fifths of the depth against each other",
                _FIFTH_HEADS,
                rows,
                _FIFTH_NOTE,
                True,
            )
        ]
        if rows
        else []
    )


def _over_models(material: Material) -> list[Block]:
    """One table where at least three models ran a band and the whole stack."""
    rows = material.get(model_rows)
    title = "Every band against LoRA, over models"
    return [Table("differences_models", title, _MODEL_HEADS, rows, _MODEL_NOTE)] if rows else []


def _forest(material: Material, rows: list[Contrast], label: str) -> Plot:
    look = looks(material)
    rows, caption = first_conditions(rows, lambda one: one.condition)
    several = len({one.condition for one in rows}) > 1
    names = [f"{one.name}, {one.condition}" if several else one.name for one in rows]
    hues = [look[id(one.arm)].hue if one.arm else GREY for one in rows]
    corrected = numpy.array([one.interval for one in rows]).T
    plain, texts = numpy.array([one.estimate.interval() for one in rows]).T, [_told(one) for one in rows]
    values = [one.estimate.value for one in rows]
    title = f"{label}: difference to LoRA on the whole stack"
    return forest(
        title, names, values, (plain[0], plain[1]), (corrected[0], corrected[1]), texts, hues, caption
    )


def _told(one: Contrast) -> str:
    low, high = one.estimate.interval()
    interval = "" if math.isnan(low) else f"95 %: {low:+.3f} to {high:+.3f}<br>"
    p = one.corrected.pvalue
    tested = "" if math.isnan(p) else f"p (Holm) {pvalue(p)}<br>"
    value = f"{one.estimate.value:+.3f}<br>{interval}{tested}{one.estimate.num_seeds} seeds"
    return f"{one.name} {one.condition}<br>{value}"


SECTION = Section(
    "Bands against LoRA", "runs of a band and of the whole stack under the same conditions", build
)
