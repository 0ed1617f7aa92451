"""Profiles by layer, the trained band shaded."""

from collections.abc import Sequence
from typing import Any

import numpy

from src.analysis.experiment import Experiment
from src.analysis.layer_profiles import Line
from src.analysis.material import Material
from src.method.spans import spans
from src.metrics.catalog import axis_title
from src.report.blocks import Chart
from src.report.section import Block, Section
from src.report.style import PRETRAINED_COLOR, color, compact, dash, faded, layout, ribbon

_MOST_LINES = 40


def build(material: Material) -> list[Block]:
    """One figure with a choice of metric."""
    figures = {metric: figure(material.study, metric, lines) for metric, lines in material.profiles.items()}
    if not figures:
        return []
    note = (
        "Layer 0 is the embedding output. Ribbons: 95 % interval over seeds; of one seed, over rows. "
        " Bars below: the blocks that were trained. Click a name to hide it, twice to see it alone."
    )
    return [Chart("profiles", "Metric by layer", figures, note, "metric")]


def figure(study: Experiment, metric: str, lines: Sequence[Line]) -> dict[str, Any]:
    """All arms on one metric; of many, the first condition is shown, the others wait in the legend."""
    data: list[dict[str, Any]] = []
    shapes: list[dict[str, Any]] = []
    trained = [line for line in lines if line.stage != "base"]
    others = sorted({line.arm.band for line in trained})
    shown = study.condition(trained[0].arm) if len(trained) > _MOST_LINES // 3 and trained else None
    for line in lines:
        if line.stage == "base":
            name = f"pretrained {line.arm.record['choices'].get('model', '')}".strip()
            data += _traces(line, name, PRETRAINED_COLOR, "dash", True)
            continue
        shade = color(line.arm.band, others)
        visible = shown in (None, study.condition(line.arm))
        data += _traces(line, line.arm.label(study.factors), shade, dash(line.arm.band), visible)
        if visible and line.stage in ("change", "tuned"):
            shapes += _band(line, shade, len({shape["name"] for shape in shapes}))
    depth = "relative depth (0: embedding output, 1: last block)"
    axes = layout(depth, axis_title(metric), xaxis={"range": [0, 1]})
    return {"data": data, "layout": axes | {"shapes": shapes, "hovermode": "closest", "height": 520}}


def _traces(line: Line, name: str, shade: str, style: str, visible: bool) -> list[dict[str, Any]]:
    x, y = compact(line.depth), compact(line.value)
    shown = {} if visible else {"visible": "legendonly"}
    data = []
    known = numpy.isfinite(line.low) & numpy.isfinite(line.high)
    if known.any():
        ends = [compact(line.depth[known]), compact(line.low[known], 4), compact(line.high[known], 4)]
        data.append(ribbon(*ends, shade, name) | shown)
    seeds = f"{line.num_seeds} seeds" if line.num_seeds > 1 else "1 seed"
    data.append({
        "type": "scatter", "mode": "lines+markers", "name": name, "legendgroup": name, "x": x, "y": y,
        "line": {"color": shade, "dash": style, "width": 2}, "marker": {"size": 4},
        "hovertemplate": f"{name} ({seeds})<br>depth %{{x:.2f}}: %{{y:.4g}}<extra></extra>",
    } | shown)  # fmt: skip
    return data


def _band(line: Line, shade: str, number: int) -> list[dict[str, Any]]:
    """A bar above the axis over the trained blocks, one height an arm."""
    record = line.arm.record
    blocks, num_blocks = record.get("adapted", {}).get("blocks", []), record["model"].get("num_blocks")
    if not blocks or not num_blocks:
        return []
    low = 0.004 + 0.016 * number
    return [
        {"type": "rect", "name": line.arm.band, "xref": "x", "yref": "paper",
         "x0": round(first / num_blocks, 4), "x1": round((last + 1) / num_blocks, 4), "y0": low,
         "y1": low + 0.011, "fillcolor": faded(shade, 0.75), "line": {"width": 0}, "layer": "below"}
        for first, last in spans(blocks)
    ]  # fmt: skip


SECTION = Section("Profiles by layer", "layers.csv: run with metrics other than none", build)
