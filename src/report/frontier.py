"""Task against forgetting: what settings gain and keep, beside a curve that gains as much."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from src.report.columns import columns
from src.report.crowd import MOST, named
from src.report.palette import BLUE, ORANGE, SLATE
from src.report.parts import Block, Chart, Text
from src.report.plot import Axis, Plot, Series
from src.report.table import Row, Table
from src.statistics.student import LEVEL

READING = (
    "A setting is better only where it keeps more than a curve does where that gains as much (or moves the "
    "weights as far, where sizes are equal). What the curve keeps there lies on a straight line between its "
    "neighbouring points. The interval holds the error of both scores; p is corrected over all settings "
    "that were held against one curve."
)

_X_ENDS = ("gained_low", "gained_high")
NUMBERS = columns("gained", "gained_ci", "kept", "kept_ci", "more", "more_ci", "p_holm", "num_seeds")
"""What is told of a setting."""


@dataclass(frozen=True)
class Frontier:
    """One curve and what is held against it."""

    name: str
    curve: str
    """What the curve varies."""
    gained: str
    """With its unit; more is better."""
    kept: str
    """With its unit; more is better."""
    points: Sequence[Mapping[str, Any]]
    """Rows with plan, share (NaN off the curve), gained, kept and more, each with _low and _high, p_holm."""
    matched: str = "gain"
    """What is equal where a setting is compared with the curve: the gain, or the size of the update."""

    @property
    def anchor(self) -> str:
        """Of its blocks."""
        return re.sub(r"\W+", "_", self.name).strip("_")

    @cached_property
    def others(self) -> list[Mapping[str, Any]]:
        """The settings that are held against the curve."""
        return [one for one in self.points if one["share"] != one["share"]]

    @cached_property
    def drawn(self) -> list[Mapping[str, Any]]:
        """All that a figure can show of them; of more, those first that differ from the curve."""
        if len(self.others) <= MOST:
            return self.others
        return sorted(self.others, key=lambda one: not one["p_holm"] < LEVEL)[:MOST]

    @property
    def caption(self) -> str:
        """What is left out of a figure."""
        number = len(self.others)
        told = (
            f"{MOST} of {number:,} settings drawn, those first that differ from the curve; the table has all"
        )
        return told if number > MOST else ""


def frontier_blocks(found: Frontier) -> list[Block]:
    """What is better in words, the plane, the differences at an equal gain or size, and the numbers."""
    name = found.name
    blocks: list[Block] = [Text([f"{name}:", *sentences(found)])]
    blocks += [Chart(f"frontier_{found.anchor}", f"{name}: task against forgetting", {"all": plane(found)})]
    if compared := [one for one in found.drawn if one["more"] == one["more"]]:
        title = f"{name}: kept more than the {found.curve} of equal {found.matched}"
        blocks += [Chart(f"frontier_more_{found.anchor}", title, {"all": differences(found, compared)})]
    heads = columns("plan", *NUMBERS)
    return [
        *blocks,
        Table(f"frontier_{found.anchor}", f"{name}: every setting", heads, rows_of(found), folded=True),
    ]


def rows_of(found: Frontier) -> list[Row]:
    """A row a setting, those of the curve by its strengths."""
    return [dict(one) | {"plan": _named(found, one)} for one in found.points]


def sentences(found: Frontier) -> list[str]:
    """Which settings beat the curve, which do not, and which it does not reach."""
    others = found.others
    better = [one["plan"] for one in others if _is_better(one)]
    worse = [one["plan"] for one in others if one["more"] < 0 and one["p_holm"] < LEVEL]
    beyond = [one["plan"] for one in others if one["more"] != one["more"]]
    told = [
        f"Keeps more than the {found.curve} of equal {found.matched}: {named(better)}. "
        f"Keeps less: {named(worse)}. "
        f"Undecided: {len(others) - len(better) - len(worse) - len(beyond)} of {len(others)}."
    ]
    if beyond:
        told.append(f"Of a {found.matched} that the curve nowhere has, and not compared: {named(beyond)}.")
    return told


def plane(found: Frontier) -> Plot:
    """Gained along x, kept along y, both with their intervals."""
    series = []
    on_curve = [one for one in found.points if one["share"] == one["share"]]
    keys = ("gained", "kept", "kept_low", "kept_high")
    x, y, low, high = ([one[key] for one in on_curve] for key in keys)
    texts = [_named(found, one) for one in on_curve]
    series.append(Series(found.curve, x, y, low=low, high=high, hue=SLATE, texts=texts))
    told = ((f"keeps more at an equal {found.matched}", ORANGE, True), ("other settings", BLUE, False))
    for name, hue, better in told:
        mine = [one for one in found.drawn if _is_better(one) == better]
        x, y, low, high, x_low, x_high = ([one[key] for one in mine] for key in (*keys, *_X_ENDS))
        texts = [str(one["plan"]) for one in mine]
        points = Series(name, x, y, "points", low, high, hue, texts=texts, x_low=x_low, x_high=x_high)
        series += [points] if mine else []
    return Plot(Axis(found.gained), Axis(found.kept), series, zero=True, caption=found.caption)


def differences(found: Frontier, compared: Sequence[Mapping[str, Any]]) -> Plot:
    """Kept more at an equal gain or size, a line a setting."""
    value, low, high = ([one[key] for one in compared] for key in ("more", "more_low", "more_high"))
    hues = [ORANGE if _is_better(one) else BLUE for one in compared]
    series = Series("", value, range(len(compared)), "points", low, high, hue=BLUE, hues=hues, named=False)
    names = [str(one["plan"]) for one in compared]
    what, _, _ = found.kept.partition(" (")
    axis = Axis(f"{what}, more than the {found.curve} of equal {found.matched}")
    height = 140 + 30 * len(names)
    return Plot(
        axis, Axis("", names), [series], along_x=True, zero=True, caption=found.caption, height=height
    )


def _is_better(one: Mapping[str, Any]) -> bool:
    return bool(one["more"] > 0 and one["p_holm"] < LEVEL)


def _named(found: Frontier, one: Mapping[str, Any]) -> str:
    share = one["share"]
    return str(one["plan"]) if math.isnan(share) else f"{found.curve} {share:g}"
