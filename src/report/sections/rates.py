"""Every arm at its best learning rate, and against the whole stack at its own best."""

from typing import Any

from src.analysis.arm_scores import TaskScores, difference, mean_of
from src.analysis.arms import WHOLE
from src.analysis.best_rate import RATE, AtBest, at_best
from src.analysis.families import tested_together
from src.analysis.material import Material
from src.report.blocks import Column, Table, decimals, span
from src.report.section import Block, Section
from src.report.sections.scores import band_order
from src.report.tested_columns import COLUMNS, DETECTABLE, cells, columns
from src.statistics.estimate import Estimate

_NOTE = (
    "The rate of each seed is the one with the best mean over the other seeds; one seed has none. Behind a "
    "rate: how many seeds chose it. The intervals take seeds as independent, which such a choice makes "
    "approximate. difference: to LoRA on the whole stack at its own best rate; Holm's correction among the "
    f"arms of a condition. {DETECTABLE}."
)


def build(material: Material) -> list[Block]:
    """One table, a row a task, condition and arm."""
    rows = [row for task in material.scores for row in _rows(material, task)]
    if not rows:
        return []
    score = [Column("score", decimals(3)), Column("its 95 % interval", span(3, decimals))]
    heads = columns("task", "condition", "band", "rates chosen", more=score)
    title = "Each arm at its best learning rate"
    return [Table("best_rates", title, heads, rows, _NOTE, folded=len(rows) > 30)]


def _rows(material: Material, task: TaskScores) -> list[list[Any]]:
    conditions: dict[str, list[AtBest]] = {}
    for one in at_best(task):
        conditions.setdefault(material.study.condition(one.first.arm, RATE), []).append(one)
    return [
        [task.label, condition, *cells] for condition, found in conditions.items() for cells in _family(found)
    ]


def _family(found: list[AtBest]) -> list[list[Any]]:
    """The arms of a condition, each against the whole stack."""
    found = sorted(found, key=lambda one: band_order(one.first.arm))
    whole = next((one for one in found if _is_whole(one)), None)
    others = [one for one in found if whole is not None and one is not whole]
    gaps: list[Estimate] = [difference(one.tuned, whole.tuned) for one in others]
    tested = dict(zip(map(id, others), tested_together(gaps), strict=True))
    rows = []
    for one in found:
        score = mean_of(one.tuned)
        chosen = ", ".join(f"{rate}: {one.chosen[rate]}" for rate in one.rates)
        known = id(one) in tested and tested[id(one)].estimate.num_seeds
        numbers = cells(tested[id(one)]) if known else [None] * len(COLUMNS)
        rows.append([one.first.arm.band, chosen, score.value, score.interval(), *numbers])
    return rows


def _is_whole(one: AtBest) -> bool:
    return one.first.arm.band == WHOLE and one.first.arm.kind == "lora"


SECTION = Section(
    "Best learning rates", "one band at several learning rates: sweeps/band_study_rates.yaml", build
)
