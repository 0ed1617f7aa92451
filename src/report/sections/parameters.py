"""Trainable parameters against score."""

from typing import Any

from src.analysis.material import Material
from src.report.blocks import Chart
from src.report.section import Block, Section
from src.report.sections.scores import band_order
from src.report.style import color, compact, layout, symbol


def build(material: Material) -> list[Block]:
    """One figure with a choice of task."""
    figures = {}
    for task in material.scores:
        arms = [one for one in task.arms if one.arm.record.get("params")]
        if arms:
            figures[task.label] = _figure(
                material, sorted(arms, key=lambda one: band_order(one.arm)), task.label
            )
    if not figures:
        return []
    note = "One point an arm; bars: 95 % interval over seeds and items."
    return [Chart("parameters", "Trainable parameters against score", figures, note, "task")]


def _figure(material: Material, arms: list[Any], label: str) -> dict[str, Any]:
    data = []
    for band in dict.fromkeys(one.arm.band for one in arms):
        mine = [one for one in arms if one.arm.band == band]
        found = [one.estimate() for one in mine]
        params = [one.arm.record["params"]["trainable"] for one in mine]
        text = [
            f"{band} {material.study.condition(one.arm)}<br>{count:,} parameters<br>{estimate.value:.3f}"
            for one, count, estimate in zip(mine, params, found, strict=True)
        ]
        data.append({
            "type": "scatter", "mode": "markers", "name": band, "x": params,
            "y": compact([one.value for one in found]), "text": text, "hoverinfo": "text",
            "marker": {"size": 10, "color": color(band), "symbol": symbol(band)},
            "error_y": {"type": "data", "array": compact([one.interval()[1] - one.value for one in found]),
                        "thickness": 1, "width": 3},
        })  # fmt: skip
    return {"data": data, "layout": layout("trainable parameters", label)}


SECTION = Section("Parameters", "scores and the number of trainable parameters", build)
