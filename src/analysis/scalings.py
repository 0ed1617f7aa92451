"""Every band under one meaning of alpha against itself under another: what the scale of its updates does."""

from src.analysis.answers import difference
from src.analysis.arm_scores import ArmScores, TaskScores, scatter_between
from src.analysis.arms import WHOLE
from src.analysis.families import Row, tested_together
from src.analysis.material import Material
from src.statistics.complete import complete

SCALING = "method.scaling"
FIRST, OTHERS = "fixed_alpha", ("alpha_over_r", "rslora")
Pair = tuple[ArmScores, ArmScores]


def scaling_rows(material: Material) -> list[Row]:
    """A row a task, condition and band: fixed_alpha minus the other scaling, tested together over bands."""
    return [row for task in material.scores for row in _rows(material, task)]


def _rows(material: Material, task: TaskScores) -> list[Row]:
    rows = []
    for (condition, other), pairs in _families(material, task).items():
        pairs.sort(key=lambda pair: pair[0].arm.order)
        gaps = [(pair[0], difference(pair[0].tuned, pair[1].tuned, scatter_between(pair))) for pair in pairs]
        kept = [(first, gap) for first, gap in gaps if gap.num_seeds]
        key = {"task": task.label, "condition": condition, "against": other}
        for (first, _), one in zip(kept, tested_together([gap for _, gap in kept]), strict=True):
            rows.append(key | {"band": first.arm.band} | one.row)
    return rows


def _families(material: Material, task: TaskScores) -> dict[tuple[str, str], list[Pair]]:
    """Pairs of arms that differ in the scaling alone, by their conditions and the other scaling."""
    by_factors = {tuple(one.arm.factors.items()): one for one in task.arms}
    found: dict[tuple[str, str], list[Pair]] = {}
    for first in (one for one in task.arms if one.arm.factors.get(SCALING) == FIRST):
        for other in OTHERS:
            second = by_factors.get(tuple((first.arm.factors | {SCALING: other}).items()))
            if second is not None and not _same_scale(first, second):
                condition = material.study.condition(first.arm, SCALING)
                found.setdefault((condition, other), []).append((first, second))
    return found


def _same_scale(first: ArmScores, second: ArmScores) -> bool:
    """Whether the scaling changes nothing: where the scale is not recorded, as on the whole stack."""
    scales = complete(one.arm.lora.get("scale") for one in (first, second))
    return first.arm.band == WHOLE if scales is None else abs(scales[0] - scales[1]) < 1e-9
