"""The profile by depth as a few lines of text: the picture of a run where there is no window to show one."""

from collections.abc import Sequence

import numpy
from numpy.typing import ArrayLike
from rich.console import Console

from src.analysis.layer_profiles import ProfileLine
from src.analysis.material import Material
from src.metrics.catalog import axis_title
from src.report.sections.layer_profiles import CORE

MOST_LINES, LABEL, MOST_SIGNS = 12, 74, 48
"""Arms, columns of an arm's name and its layers, layers: with the range behind them at most 100 columns."""
_BARS, _ASCII = "▁▂▃▄▅▆▇█", "_.:-=+*#"
_MISSING = " "


def print_sketch(material: Material, console: Console) -> None:
    """A line an arm: its profile from the embedding to the last block, all on one scale."""
    metric = next((name for name in CORE if name in material.profiles), None)
    lines = [line for line in material.profiles.get(metric or "", []) if line.stage != "base"]
    if metric is None or not lines:
        return
    lines, left_out = lines[:MOST_LINES], len(lines) - MOST_LINES
    known = numpy.concatenate([numpy.asarray(line.value, float) for line in lines])
    if not numpy.isfinite(known).any():
        return
    signs = _BARS if console.encoding.lower().startswith("utf") else _ASCII
    low, high = numpy.nanmin(known), numpy.nanmax(known)
    scale = f"{signs[0]} {low:.3g} to {signs[-1]} {high:.3g}"
    title = f"{axis_title(metric)}, from the embedding to the last block ({scale})"
    console.print(title, markup=False, overflow="fold")
    names = _names(lines, material.study.factors)
    layers = min(max(len(numpy.atleast_1d(line.value)) for line in lines), MOST_SIGNS)
    width = min(max(map(len, names)), LABEL - layers)
    for line, name in zip(lines, names, strict=True):
        own = numpy.asarray(line.value, float)
        own = own[numpy.isfinite(own)]
        told = f"{own.min():.3g} to {own.max():.3g}" if len(own) else "no value"
        text = f"  {name[:width]:<{width}} {spark(line.value, low, high, signs)} {told}"
        console.print(text, markup=False, no_wrap=True, overflow="crop")
    if left_out > 0:
        console.print(f"  and {left_out} further: in the report's page", markup=False)


def _names(lines: Sequence[ProfileLine], factors: Sequence[str]) -> list[str]:
    """Of the arms; behind the reading of the states where several are shown."""
    several = len({line.reading for line in lines}) > 1
    words = [f"{line.reading.replace('_', ' ')}: " if several else "" for line in lines]
    return [word + line.arm.label(factors) for word, line in zip(words, lines, strict=True)]


def spark(values: ArrayLike, low: float, high: float, signs: str) -> str:
    """One sign a value, the first for `low` and the last for `high`; a blank where a value is missing.

    Of more than MOST_SIGNS values as many are shown, evenly chosen, both ends among them.
    """
    given = numpy.asarray(values, float)
    places = numpy.linspace(0, len(given) - 1, min(len(given), MOST_SIGNS)).round().astype(int)
    found = []
    for value in given[places]:
        share = (value - low) / (high - low) if high > low else 0.5
        sign = min(int(share * len(signs)), len(signs) - 1) if numpy.isfinite(value) else None
        found.append(_MISSING if sign is None else signs[sign])
    return "".join(found)
