"""The one model of a figure: series under names, on axes with titles. No renderer is known here."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy

from src.report.palette import SLATE

NOISE = 1e-6
"""Of the largest number: differences below it are rounding, and an axis that shows them would show noise."""
_MARGIN = 0.04
Numbers: TypeAlias = Sequence[float] | numpy.ndarray


@dataclass(frozen=True)
class Axis:
    """One axis."""

    title: str
    """With its unit."""
    names: Sequence[str] = ()
    """What stands at 0, 1, 2 and so on, where the axis is no scale."""
    limits: tuple[float, float] | None = None


@dataclass(frozen=True)
class Series:
    """Numbers under one name in the legend."""

    name: str
    x: Numbers
    y: Numbers
    mark: str = "line"
    """line (its interval a ribbon), rule (a line without points), points (with bars), dots (small and
    see-through), or bars (no point)."""
    low: Numbers = ()
    """The ends of intervals, along the axis of values; NaN where there is none."""
    high: Numbers = ()
    hue: str = SLATE
    hues: Sequence[str] = ()
    """One a point, where points of one series have colours of their own; the legend shows `hue`."""
    symbol: str = "circle"
    dash: str = "solid"
    texts: Sequence[str] = ()
    """One a point, for the mouse."""
    hover: str = ""
    """For the mouse, the same for all points: a template of plotly, with %{x} and %{y}."""
    named: bool = True
    """Whether the legend names it; a series of the same name that is named carries the others along."""
    waits: bool = False
    """Hidden until its name in the legend is clicked; no picture file shows it."""
    x_low: Numbers = ()
    """The ends of intervals of points along x, where that is a second value with an error of its own."""
    x_high: Numbers = ()


@dataclass(frozen=True)
class Strip:
    """Spans of the x axis in a strip of their own below the plot, such as the blocks that an arm trained."""

    hue: str
    spans: Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Plot:
    """One figure."""

    x: Axis
    y: Axis
    series: Sequence[Series]
    strips: Sequence[Strip] = field(default_factory=list)
    along_x: bool = False
    """Values run along x, and y names what they are of, the first at the top."""
    zero: bool = False
    """A line where the value is 0."""
    caption: str = ""
    """What is shown and what is left out."""
    beside: "Sequence[Plot]" = ()
    """Drawn to its right as files, on one scale of values; the page lets one of them be chosen."""
    height: int = 430
    """Pixels on the page."""

    def limits(self) -> tuple[float, float] | None:
        """Of the axis of values, where a renderer's own would cut intervals off or show noise; else None."""
        ends = [end for one in self.series if not one.waits for end in self._ends(one) if math.isfinite(end)]
        ends += [0.0] if self.zero and self.along_x else []
        if not ends:
            return None
        low, high = min(ends), max(ends)
        if high - low <= NOISE * max(abs(low), abs(high)):
            reach = 1e3 * NOISE * max(abs(low), abs(high)) or 0.1
            return low - reach, high + reach
        margin = _MARGIN * (high - low)
        return (low - margin, high + margin) if self.along_x else None

    def _ends(self, one: Series) -> Iterator[float]:
        yield from one.x if self.along_x else one.y
        yield from one.low
        yield from one.high
