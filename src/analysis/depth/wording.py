"""Numbers with their intervals, as they stand in sentences."""

import math
from collections.abc import Mapping


def signed(row: Mapping[str, float], name: str) -> str:
    """`name` with name_low and name_high: +0.12 [+0.10, +0.14]."""
    return f"{row[name]:+.3g} [{row[f'{name}_low']:+.3g}, {row[f'{name}_high']:+.3g}]"


def ends(row: Mapping[str, float]) -> str:
    """The interval: [0.10, 0.14], or that there is none."""
    if math.isnan(row["ci_low"]):
        return "(no interval)"
    return f"[{row['ci_low']:.2f}, {row['ci_high']:.2f}]"


def share(row: Mapping[str, float], units: str) -> str:
    """A count and its share with the interval: 189 of 190 runs, 99.5 % [97.1 %, 100.0 %]."""
    told = f"{row['num_positive']} of {row['num_units']} {units}, "
    return told + f"{row['share']:.1%} [{row['ci_low']:.1%}, {row['ci_high']:.1%}]".replace("%", " %")


def pvalue(value: float) -> str:
    """Two digits, and a bound below 0.001; `p unknown` where there is none."""
    if math.isnan(value):
        return "p unknown"
    return "p < 0.001" if value < 0.001 else f"p = {value:.2g}"


def counted(number: int, thing: str) -> str:
    """1 cell, 2 cells."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
