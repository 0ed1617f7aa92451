"""Every band against LoRA on the whole stack: intervals, corrected tests, and what could have been seen."""

import math
from typing import Any

from src.analysis.contrasts import PRETRAINED, Contrast
from src.analysis.material import Material
from src.report.blocks import Chart, Column, Table, pvalue, span
from src.report.section import Block, Section
from src.report.sections.scores import band_order
from src.report.style import PRETRAINED_COLOR, color, compact, layout
from src.report.tested_columns import cells, columns
from src.statistics.estimate import LEVEL

_GREY = "#8b95a5"
_NOTE = (
    "Error over seeds x items, paired (of one seed: over items alone); the scatter over seeds is "
    "pooled over all bands of a condition. "
    "Thick: 95 % interval. Thin: the interval at the level of Holm's test among all bands of the condition; "
    "it leaves 0 out exactly where the test finds a difference. The pretrained model is tested by itself."
)
COLUMNS = (
    *columns("task", "band", "condition"),
    Column("p, seeds only", pvalue),
    Column("bootstrap, seeds x items", span(3)),
    Column("McNemar p < 0.05", numeric=False),
)


def build(material: Material) -> list[Block]:
    """A forest plot with a choice of task, and one table."""
    found = {label: rows for label, rows in material.contrasts.items() if rows}
    if not found:
        return []
    figures = {label: _forest(rows, label) for label, rows in found.items()}
    table = [_row(label, one) for label, rows in found.items() for one in _ordered(rows)]
    note = (
        "smallest detectable: the true difference that the corrected test would have found with 80 % power. "
        "McNemar: seeds whose exact test over items alone has p < 0.05, of all; uncorrected."
    )
    return [
        Chart("differences", "Band minus LoRA on the whole stack", figures, _NOTE, "task"),
        Table(
            "differences", "Tests of every band against LoRA", COLUMNS, table, note, folded=len(table) > 30
        ),
    ]


def _ordered(rows: list[Contrast]) -> list[Contrast]:
    return sorted(rows, key=lambda one: (one.condition, (-1, "") if one.arm is None else band_order(one.arm)))


def _row(label: str, one: Contrast) -> list[Any]:
    low = sum(test.pvalue < LEVEL for test in one.mcnemar.values())
    return [
        label, one.name, one.condition, *cells(one), one.over_seeds.pvalue, one.bootstrap,
        f"{low} of {len(one.mcnemar)}" if one.mcnemar else None,
    ]  # fmt: skip


def _forest(rows: list[Contrast], label: str) -> dict[str, Any]:
    ordered = _ordered(rows)[::-1]
    several = len({one.condition for one in ordered}) > 1
    names = [f"{one.name}, {one.condition}" if several else one.name for one in ordered]
    shades = [PRETRAINED_COLOR if one.name == PRETRAINED else color(one.name) for one in ordered]
    data = []
    for name, width, ends in (
        ("at Holm's level", 1.2, [one.interval for one in ordered]),
        ("95 % interval", 4, [one.estimate.interval() for one in ordered]),
    ):
        x: list[float | None] = []
        y: list[str | None] = []
        for (low, high), place in zip(ends, names, strict=True):
            x, y = [*x, low, high, None], [*y, place, place, None]
        data.append({"type": "scatter", "mode": "lines", "name": name, "x": compact(x), "y": y,
                     "hoverinfo": "skip", "line": {"width": width, "color": _GREY}})  # fmt: skip
    data.append({
        "type": "scatter", "mode": "markers", "name": "difference",
        "x": compact([one.estimate.value for one in ordered]), "y": names, "hoverinfo": "text",
        "text": [_words(one) for one in ordered], "marker": {"size": 10, "color": shades},
    })  # fmt: skip
    title = f"{label}: difference to LoRA on the whole stack"
    found = layout(title, "", xaxis={"range": _range(ordered)}, yaxis={"type": "category"})
    line = {"width": 1, "color": _GREY}
    zero = {"type": "line", "x0": 0, "x1": 0, "yref": "paper", "y0": 0, "y1": 1, "line": line}
    return {"data": data, "layout": found | {"shapes": [zero], "height": 170 + 24 * len(names)}}


def _range(rows: list[Contrast]) -> list[float]:
    """All of every interval, 0 included, with a margin; the browser's own range cuts lines at the edge."""
    ends = [0.0, *(one.estimate.value for one in rows)]
    ends += [end for one in rows for end in (*one.interval, *one.estimate.interval()) if math.isfinite(end)]
    margin = 0.04 * (max(ends) - min(ends)) or 0.1
    return compact([min(ends) - margin, max(ends) + margin])


def _words(one: Contrast) -> str:
    low, high = one.estimate.interval()
    interval = f"95 %: {low:+.3f} to {high:+.3f}<br>" if low == low else ""
    p = one.corrected.pvalue
    tested = f"p (Holm) {pvalue(p)}<br>" if p == p else ""
    value = f"{one.estimate.value:+.3f}<br>{interval}{tested}{one.estimate.num_seeds} seeds"
    return f"{one.name} {one.condition}<br>{value}"


SECTION = Section(
    "Bands against LoRA", "runs of a band and of the whole stack under the same conditions", build
)
