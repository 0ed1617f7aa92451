"""Profiles of more arms than anybody can tell apart: the arms of one band as a median and a ribbon."""

from collections.abc import Sequence

import numpy

from src.analysis.layer_profiles import ProfileLine
from src.report.palette import Look
from src.report.plot import Series

MOST_LINES = 60
"""Arms that are drawn as lines of their own."""
_MIDDLE = (5, 95)  # per cent of the arms that lie below the ribbon's ends
NOTE = "one line a band: the median of its arms; ribbon: the middle 90 % of the arms"


def band_series(name: str, lines: Sequence[ProfileLine], look: Look, waits: bool) -> Series:
    """The arms of one band, on the depths of the first; gaps where no arm has a value."""
    depth = lines[0].depth
    values = numpy.stack([numpy.interp(depth, line.depth, line.value) for line in lines])
    known = numpy.isfinite(values).any(axis=0)
    middle, low, high = (numpy.full(len(depth), numpy.nan) for _ in range(3))
    if known.any():
        percentile = numpy.percentile if numpy.isfinite(values).all() else numpy.nanpercentile  # the slow one
        ends = (_MIDDLE[0], 50, _MIDDLE[1])
        low[known], middle[known], high[known] = percentile(values[:, known], ends, axis=0)
    told = f"{name}: {len(lines):,} arms"
    hover = f"{told}<br>depth %{{x:.2f}}: median %{{y:.4g}}"
    return Series(
        told, depth, middle, "line", low, high, look.hue, symbol=look.symbol, hover=hover, waits=waits
    )
