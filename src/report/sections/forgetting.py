"""What training did to abilities that it was not about."""

from typing import Any

from src.analysis.arm_scores import ArmScores, TaskScores, difference
from src.analysis.families import tested_together
from src.analysis.material import Material
from src.analysis.own_task import is_trained
from src.analysis.segment_contrasts import against_other_fifths
from src.report.blocks import Chart, Column, Table, decimals
from src.report.section import Block, Section
from src.report.sections.scores import _CONDITION_COLORS, band_order
from src.report.style import compact, layout
from src.report.tested_columns import DETECTABLE, cells, columns

_KEYS = ("task", "condition", "band")
_NOTE = "After minus before, paired by item; bars: 95 % interval over seeds and items. Away from 0 is change."
_CHANGE_NOTE = (
    "difference: after minus before, paired by item; Holm's correction among the bands of a condition. "
    f"{DETECTABLE}."
)
_FIFTHS_NOTE = (
    "difference: the fifth after training minus the mean of the other four, paired by seed and item; "
    "the scatter over seeds is pooled over the five. Holm's correction among the five. Under one condition "
    f"all fifths have nearly one rank and one scale of updates. {DETECTABLE}."
)


def build(material: Material) -> list[Block]:
    """Change since the pretrained model, by band, of every task but the trained one."""
    figures: dict[str, Any] = {}
    changes: list[list[Any]] = []
    fifths: list[list[Any]] = []
    for task in material.scores:
        arms = [one for one in task.arms if one.base and not is_trained(one.arm.first, task.task)]
        if arms:
            figures[task.label] = _figure(material, task, arms)
            for condition, mine in _by_condition(material, arms).items():
                changes += _changes([task.label, condition], mine)
                fifths += _fifths([task.label, condition], mine)
    if not figures:
        return []
    heads = columns(*_KEYS, more=[Column("before", decimals(3))])
    title, folded = "Change of other abilities", len(changes) > 30
    blocks: list[Block] = [
        Chart("forgetting", "Other abilities: change by training", figures, _NOTE, "task"),
        Table("forgetting", title, heads, changes, _CHANGE_NOTE, folded=folded),
    ]
    if fifths:
        title = "Other abilities: each fifth of the depth against the mean of the other four"
        blocks.append(Table("forgetting_fifths", title, columns(*_KEYS), fifths, _FIFTHS_NOTE))
    return blocks


def _by_condition(material: Material, arms: list[ArmScores]) -> dict[str, list[ArmScores]]:
    """The arms under each condition, in order of their bands."""
    found: dict[str, list[ArmScores]] = {}
    for one in sorted(arms, key=lambda one: band_order(one.arm)):
        found.setdefault(material.study.condition(one.arm), []).append(one)
    return found


def _changes(key: list[str], arms: list[ArmScores]) -> list[list[Any]]:
    """After - before of every band, tested together."""
    found = tested_together([difference(one.tuned, one.base) for one in arms])
    return [
        [*key, one.arm.band, one.estimate("base").value, *cells(tested)]
        for one, tested in zip(arms, found, strict=True)
    ]


def _fifths(key: list[str], arms: list[ArmScores]) -> list[list[Any]]:
    found = against_other_fifths(arms)
    tested = tested_together(list(found.values()))
    return [[*key, band, *cells(one)] for band, one in zip(found, tested, strict=True)]


def _figure(material: Material, task: TaskScores, arms: list[ArmScores]) -> dict[str, Any]:
    study = material.study
    arms = sorted(arms, key=lambda one: band_order(one.arm))
    bands = list(dict.fromkeys(one.arm.band for one in arms))
    conditions = list(dict.fromkeys(study.condition(one.arm) for one in arms))
    data = []
    for place, condition in enumerate(conditions):
        mine = [one for one in arms if study.condition(one.arm) == condition]
        found = [difference(one.tuned, one.base) for one in mine]
        shift = (place - (len(conditions) - 1) / 2) * 0.7 / len(conditions)
        data.append({
            "type": "scatter", "mode": "markers", "name": condition or "trained",
            "x": compact([bands.index(one.arm.band) + shift for one in mine]),
            "y": compact([one.value for one in found]),
            "error_y": {"type": "data", "array": compact([one.interval()[1] - one.value for one in found]),
                        "thickness": 1.5, "width": 4},
            "marker": {"size": 9, "color": _CONDITION_COLORS[place % len(_CONDITION_COLORS)]},
            "text": [f"{one.arm.band} {condition}<br>{estimate.value:+.3f}<br>{estimate.num_seeds} seeds"
                     for one, estimate in zip(mine, found, strict=True)],
            "hoverinfo": "text",
        })  # fmt: skip
    better = {True: "; below 0: forgotten", False: "; above 0: forgotten"}.get(task.higher_is_better, "")
    ticks = {"tickvals": list(range(len(bands))), "ticktext": bands, "range": [-0.6, len(bands) - 0.4]}
    found = layout("trained band, input side first", f"{task.label}: change{better}", xaxis=ticks)
    return {"data": data, "layout": found | {"yaxis": found["yaxis"] | {"zeroline": True}}}


SECTION = Section(
    "Forgetting",
    "scores of a task that no training row belongs to: run with evaluate=forgetting",
    build,
)
