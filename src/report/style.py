"""One look for all figures: colour says where in the depth a band lies, the dash how wide it is."""

from collections.abc import Sequence
from typing import Any

import numpy

SCHEME = {
    "10000": "#2166ac", "01000": "#1c9aa8", "00100": "#2f9e5b", "00010": "#d98a00", "00001": "#c2342b",
    "01100": "#28a28a", "00110": "#93991f", "01110": "#7b3fa0", "11111": "#6b7280", "random": "#b06c9a",
}  # fmt: skip
"""Readable on white and on near-black."""
_OTHERS = ("#e0559b", "#4f6bed", "#8a6d3b", "#00a3a3", "#a855f7", "#64a30d")
_DASHES = {1: "dot", 2: "dash", 3: "solid", 5: "solid"}
_SYMBOLS = {1: "circle", 2: "diamond", 3: "square", 5: "x"}
PRETRAINED_COLOR = "#9aa3af"


def color(band: str, others: Sequence[str] = ()) -> str:
    """The colour of a band; names that are no pattern get one in their order."""
    if band in SCHEME:
        return SCHEME[band]
    return _OTHERS[others.index(band) % len(_OTHERS)] if band in others else _OTHERS[0]


def dash(band: str) -> str:
    """By the number of segments."""
    return _DASHES.get(band.count("1") if set(band) <= {"0", "1"} else 0, "dashdot")


def symbol(band: str) -> str:
    """By the number of segments."""
    return _SYMBOLS.get(band.count("1") if set(band) <= {"0", "1"} else 0, "star")


def faded(hex_color: str, alpha: float) -> str:
    """The colour, see-through."""
    red, green, blue = (int(hex_color[place : place + 2], 16) for place in (1, 3, 5))
    return f"rgba({red},{green},{blue},{alpha})"


def compact(values: Sequence[float | None] | numpy.ndarray, digits: int = 5) -> list[float | None]:
    """Numbers with few digits, so that the page stays small; null where there is none."""
    return [None if v is None or v != v else float(f"{v:.{digits}g}") for v in values]


def layout(x: str, y: str, **more: Any) -> dict[str, Any]:
    """Axes with titles and units. Colours of text, grid and paper are the page's."""
    axes = {"xaxis": {"title": {"text": x}, "zeroline": False} | more.pop("xaxis", {}),
            "yaxis": {"title": {"text": y}, "zeroline": False} | more.pop("yaxis", {})}  # fmt: skip
    return axes | {"hovermode": "closest", "legend": {"itemsizing": "constant"}} | more


def ribbon(
    x: Sequence[Any], low: Sequence[Any], high: Sequence[Any], shade: str, group: str
) -> dict[str, Any]:
    """A band between two lines, belonging to a legend entry."""
    return {
        "type": "scatter", "mode": "lines", "x": [*x, *reversed(x)], "y": [*high, *reversed(low)],
        "fill": "toself", "fillcolor": faded(shade, 0.16), "line": {"width": 0}, "hoverinfo": "skip",
        "showlegend": False, "legendgroup": group,
    }  # fmt: skip
