"""A plot as a PNG file."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from src.report.plot import Axis, Plot, Series
from src.storage.files import written_file

_MARKERS = {"circle": "o", "square": "s", "diamond": "D", "triangle-up": "^", "x": "X", "star": "*"}
_DASHES = {"solid": "-", "dash": "--", "dot": ":", "dashdot": "-."}
_MOST_BESIDE = 5
_STRIP = 0.12  # inches


def draw(plot: Plot, path: Path) -> Path:
    """Write it; series that wait in the legend are left out."""
    if plot.beside:
        return _save(_panels([plot, *plot.beside]), path)
    shown = [one for one in plot.series if not one.waits]
    many = len({one.name for one in shown if one.named}) > _MOST_BESIDE or plot.along_x
    strips = _STRIP * len(plot.strips)
    height = 1.6 + 0.36 * len(plot.y.names) if plot.along_x else 3.8
    figure = Figure(figsize=(9 if many else 7, height + strips), layout="constrained")
    if plot.strips:
        axes, below = figure.subplots(2, sharex=True, height_ratios=[height, strips + 0.01])
        _draw_strips(below, plot)
    else:
        axes = below = figure.subplots()
    for one in shown:
        _draw_series(axes, plot, one)
    _name(axes, plot)
    below.set_xlabel(plot.x.title)
    beside = {"loc": "upper left", "bbox_to_anchor": (1, 1)} if many else {}
    if any(one.named for one in shown):
        axes.legend(frameon=False, fontsize=8, **beside)
    return _save(figure, path)


def _panels(plots: Sequence[Plot]) -> Figure:
    """Side by side, on one scale, with one legend."""
    figure = Figure(figsize=(1 + 3.2 * len(plots), 3.6), layout="constrained")
    for axes, plot in zip(figure.subplots(1, len(plots), sharey=True), plots, strict=True):
        for one in plot.series:
            _draw_series(axes, plot, one)
        _name(axes, plot)
        axes.set_xlabel(plot.x.title)
        axes.label_outer()
    axes.legend(frameon=False, fontsize=8)
    return figure


def _save(figure: Figure, path: Path) -> Path:
    with written_file(path) as aside:
        figure.savefig(aside, format="png", dpi=120)
    return path


def _draw_series(axes: Axes, plot: Plot, one: Series) -> None:
    x, y, low, high = (numpy.asarray(side, dtype=float) for side in (one.x, one.y, one.low, one.high))
    label = one.name if one.named else None
    if one.mark in ("line", "rule"):
        style: dict[str, Any] = {"linestyle": _DASHES[one.dash], "linewidth": 1.6}
        style |= {"marker": _MARKERS[one.symbol], "markersize": 3} if one.mark == "line" else {}
        axes.plot(x, y, color=one.hue, label=label, **style)
        if len(low):
            axes.fill_between(x, low, high, color=one.hue, alpha=0.18, linewidth=0)
        return
    middle = x if plot.along_x else y
    reach = numpy.abs([middle - low, high - middle]) if len(low) else None
    errors: dict[str, Any] = {"xerr" if plot.along_x else "yerr": reach}
    if len(one.x_low):
        errors["xerr"] = numpy.abs([x - numpy.asarray(one.x_low), numpy.asarray(one.x_high) - x])
    size = {"points": 6, "dots": 2, "bars": 0}[one.mark]
    axes.errorbar(
        x, y, fmt=_MARKERS[one.symbol], color=one.hue, label=label, markersize=size, linewidth=1, **errors
    )


def _name(axes: Axes, plot: Plot) -> None:
    """Titles, ticks and limits."""
    axes.set_title(plot.caption, fontsize=9, loc="left")
    axes.set_ylabel(plot.y.title)
    axes.grid(alpha=0.25)
    _limit(axes.set_xlim, axes.set_xticks, plot.x)
    _limit(axes.set_ylim, axes.set_yticks, plot.y)
    limits = plot.limits()
    if limits and not (plot.x if plot.along_x else plot.y).limits:
        (axes.set_xlim if plot.along_x else axes.set_ylim)(*limits)
    if plot.along_x:
        axes.set_ylim(len(plot.y.names) - 0.4, -0.6)
    if plot.zero:
        (axes.axvline if plot.along_x else axes.axhline)(0, color="0.4", linewidth=0.8)


def _limit(set_limits, set_ticks, axis: Axis) -> None:  # noqa: ANN001 - bound methods of the axes
    if axis.names:
        set_ticks(range(len(axis.names)), axis.names, fontsize=8)
        set_limits(-0.6, len(axis.names) - 0.4)
    if axis.limits:
        set_limits(*axis.limits)


def _draw_strips(axes: Axes, plot: Plot) -> None:
    for place, strip in enumerate(plot.strips):
        bars = [(start, stop - start) for start, stop in strip.spans]
        axes.broken_barh(bars, (-place - 0.8, 0.7), facecolors=strip.hue, linewidth=0)
    axes.set(ylim=(-len(plot.strips), 0), yticks=[])
    for side in ("left", "right", "top"):
        axes.spines[side].set_visible(False)
