"""A plot as a plotly figure: plain data for the page, whose script adds colours of text, grid and paper."""

import math
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from src.report.palette import faded
from src.report.plot import Axis, Numbers, Plot, Series

_STRIP, _GAP = 0.035, 0.03  # of the height: one strip, and what lies between the strips and the plot
_WIDTHS = {"points": 4, "bars": 0, "dots": 0}


def plotly_figure(plot: Plot) -> dict[str, Any]:
    """`data` and `layout`, with few digits, so that the page stays small."""
    return {
        "data": [trace for one in plot.series for trace in _traces(plot, one)],
        "layout": _layout(plot) | {"shapes": [*_strips(plot), *_zero(plot)], "meta": plot.caption},
    }


def compact(values: Numbers, digits: int = 5) -> list[float | None]:
    """Numbers with few digits; null where there is none."""
    return [None if v is None or v != v else float(f"{v:.{digits}g}") for v in values]


def _traces(plot: Plot, one: Series) -> Iterator[dict[str, Any]]:
    shared = {"type": "scatter", "name": one.name, "legendgroup": one.name}
    shared |= {"visible": "legendonly"} if one.waits else {}
    x, y = compact(one.x), compact(one.y)
    template = one.hover or f"{one.name}<br>%{{x:.4g}}: %{{y:.4g}}"
    hover: dict[str, Any] = {"hovertemplate": f"{template}<extra></extra>"}
    if len(one.texts):
        hover = {"text": list(one.texts), "hoverinfo": "text"}
    if one.mark in ("line", "rule"):
        if len(one.low):
            yield from (shared | ribbon for ribbon in _ribbons(one))
        marker = {"size": 5, "symbol": one.symbol}
        drawn = {"mode": "lines+markers" if one.mark == "line" else "lines", "marker": marker}
        yield (
            shared
            | {
                "x": x,
                "y": y,
                "line": {"color": one.hue, "dash": one.dash, "width": 2},
                "showlegend": one.named,
            }
            | drawn
            | hover
        )
        return
    marker = {"size": {"points": 10, "dots": 4, "bars": 0.1}[one.mark], "color": list(one.hues) or one.hue}
    marker |= {"symbol": one.symbol} | ({"opacity": 0.5} if one.mark == "dots" else {})
    trace = shared | {"mode": "markers", "x": x, "y": y, "marker": marker, "showlegend": False} | hover
    yield trace | _bars(plot, one)
    if one.named:  # its own entry, so that the legend shows the hue of the series and not that of a point
        key = {"mode": "markers", "x": [None], "y": [None], "hoverinfo": "skip"}
        yield shared | key | {"marker": {"size": 9, "color": one.hue, "symbol": one.symbol}}


def _bars(plot: Plot, one: Series) -> dict[str, Any]:
    found = {}
    if len(one.low):
        middle = one.x if plot.along_x else one.y
        found["error_x" if plot.along_x else "error_y"] = _bar(one, middle, one.low, one.high)
    if len(one.x_low):
        found["error_x"] = _bar(one, one.x, one.x_low, one.x_high)
    return found


def _bar(one: Series, middle: Numbers, low: Numbers, high: Numbers) -> dict[str, Any]:
    reach = [[abs(end - value) for end, value in zip(ends, middle, strict=True)] for ends in (high, low)]
    bars = {"type": "data", "symmetric": False, "array": compact(reach[0]), "arrayminus": compact(reach[1])}
    bars |= {"thickness": 1.2 if one.mark == "bars" else 2, "width": _WIDTHS[one.mark]}
    return bars | {"color": one.hue}


def _ribbons(one: Series) -> Iterator[dict[str, Any]]:
    """A filled shape for each stretch of neighbours that have an interval."""
    for known, stretch in groupby(range(len(one.x)), lambda i: math.isfinite(one.low[i] + one.high[i])):
        if known:
            at = list(stretch)
            x, low, high = ([ends[i] for i in at] for ends in (one.x, one.low, one.high))
            yield {
                "mode": "lines", "x": compact([*x, *x[::-1]]), "y": compact([*high, *low[::-1]], 4),
                "fill": "toself", "fillcolor": faded(one.hue, 0.16), "line": {"width": 0},
                "hoverinfo": "skip", "showlegend": False,
            }  # fmt: skip


def _layout(plot: Plot) -> dict[str, Any]:
    x, y = _axis(plot.x), _axis(plot.y)
    limits = plot.limits()
    if limits and not (plot.x if plot.along_x else plot.y).limits:
        (x if plot.along_x else y)["range"] = compact(limits, 8)
    if plot.along_x:
        y |= {"range": [len(plot.y.names) - 0.4, -0.6]}
    if plot.strips:
        y |= {"domain": [_STRIP * len(plot.strips) + _GAP, 1]}
        x |= {"anchor": "free", "position": 0}
    legend = {"itemsizing": "constant"}
    return {"xaxis": x, "yaxis": y, "hovermode": "closest", "legend": legend, "height": plot.height}


def _axis(axis: Axis) -> dict[str, Any]:
    found: dict[str, Any] = {"title": {"text": axis.title}, "zeroline": False}
    if axis.names:
        found |= {"tickvals": list(range(len(axis.names))), "ticktext": list(axis.names)}
        found |= {"range": [-0.6, len(axis.names) - 0.4]}
    return found | ({"range": list(axis.limits)} if axis.limits else {})


def _strips(plot: Plot) -> list[dict[str, Any]]:
    """Bars below the plot, the first strip at the top."""
    top = _STRIP * len(plot.strips)
    return [
        {"type": "rect", "xref": "x", "yref": "paper", "x0": round(start, 4), "x1": round(stop, 4),
         "y0": top - _STRIP * place - 0.024, "y1": top - _STRIP * place, "fillcolor": faded(strip.hue, 0.85),
         "line": {"width": 0}}
        for place, strip in enumerate(plot.strips) for start, stop in strip.spans
    ]  # fmt: skip


def _zero(plot: Plot) -> Sequence[dict[str, Any]]:
    if not plot.zero:
        return []
    value, other = ("x", "y") if plot.along_x else ("y", "x")
    place = {f"{value}0": 0, f"{value}1": 0, f"{other}0": 0, f"{other}1": 1, f"{other}ref": f"{other} domain"}
    return [{"type": "line", "line": {"width": 1, "color": "#8b95a5"}, **place}]
