"""Every band under one meaning of alpha against itself under another: what the scale of its updates does."""

from collections.abc import Iterator
from typing import Any

from src.analysis.arm_scores import ArmScores, TaskScores, difference
from src.analysis.arms import WHOLE
from src.analysis.contrasts import pooled_scores
from src.analysis.families import tested_together
from src.analysis.material import Material
from src.report.blocks import Table
from src.report.section import Block, Section
from src.report.sections.scores import band_order
from src.report.tested_columns import DETECTABLE, cells, columns

SCALING = "method.scaling"
FIRST, OTHERS = "fixed_alpha", ("alpha_over_r", "rslora")
_NOTE = (
    "difference: score under fixed_alpha minus that of the same band under the other scaling, paired by seed "
    "and item; the scatter over seeds is pooled over both scalings of all bands. Holm over bands. "
    f"Arms whose updates have one scale under both, as the whole stack, are left out. {DETECTABLE}."
)


def build(material: Material) -> list[Block]:
    """One table, a row a task, condition and band."""
    rows = [row for task in material.scores for row in _rows(material, task)]
    if not rows:
        return []
    heads = columns("task", "condition", "band", "minus")
    title = "One band, two meanings of alpha"
    return [Table("scalings", title, heads, rows, _NOTE, folded=len(rows) > 30)]


def _rows(material: Material, task: TaskScores) -> Iterator[list[Any]]:
    for (condition, other), pairs in _families(material, task).items():
        pairs.sort(key=lambda pair: band_order(pair[0].arm))
        pooled = pooled_scores([one for pair in pairs for one in pair])
        found = [difference(first.tuned, second.tuned, pooled) for first, second in pairs]
        tested = tested_together([one for one in found if one.num_seeds])
        kept = [first for (first, _), one in zip(pairs, found, strict=True) if one.num_seeds]
        for first, one in zip(kept, tested, strict=True):
            yield [task.label, condition, first.arm.band, other, *cells(one)]


def _families(
    material: Material, task: TaskScores
) -> dict[tuple[str, str], list[tuple[ArmScores, ArmScores]]]:
    """Pairs of arms that differ in the scaling alone, by their conditions and the other scaling."""
    by_factors = {tuple(one.arm.factors.items()): one for one in task.arms}
    found: dict[tuple[str, str], list[tuple[ArmScores, ArmScores]]] = {}
    for first in task.arms:
        if first.arm.factors.get(SCALING) != FIRST:
            continue
        for other in OTHERS:
            second = by_factors.get(tuple((first.arm.factors | {SCALING: other}).items()))
            if second is not None and not _same_scale(first, second):
                condition = material.study.condition(first.arm, SCALING)
                found.setdefault((condition, other), []).append((first, second))
    return found


def _same_scale(first: ArmScores, second: ArmScores) -> bool:
    """Whether the scaling changes nothing: where the scale is not recorded, as on the whole stack."""
    scales = [
        ((one.arm.record.get("adapted") or {}).get("lora") or {}).get("scale") for one in (first, second)
    ]
    return first.arm.band == WHOLE if None in scales else abs(scales[0] - scales[1]) < 1e-9


SECTION = Section(
    "Scale of the updates", "one band under method.scaling=fixed_alpha and under another scaling", build
)
