"""What training did to abilities that it was not about."""

from typing import Any

from src.report.blocks import Chart
from src.report.look import compact, layout
from src.report.measures.scored import HELDOUT
from src.report.scores import TaskScores, difference
from src.report.section import Block, Material, Section
from src.report.sections.scores import _CONDITION_COLORS, band_order


def build(material: Material) -> list[Block]:
    """Change since the pretrained model, by band, of every task but the trained one."""
    figures = {}
    for task in material.scores:
        if task.task != HELDOUT and any(one.base for one in task.arms):
            figures[task.label] = _figure(material, task)
    if not figures:
        return []
    note = (
        "After minus before, paired by item; bars: 95 % interval over seeds and items. Away from 0 is change."
    )
    return [Chart("forgetting", "Other abilities: change by training", figures, note, "task")]


def _figure(material: Material, task: TaskScores) -> dict[str, Any]:
    study = material.study
    arms = sorted((one for one in task.arms if one.base), key=lambda one: band_order(one.arm))
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


SECTION = Section("Forgetting", "scores of a task other than heldout: run with evaluate=forgetting", build)
