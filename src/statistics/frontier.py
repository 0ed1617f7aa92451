"""A curve of one setting at several strengths, and other settings held against it."""

import math
from collections.abc import Mapping
from typing import NamedTuple

from src.statistics.estimate import Estimate
from src.statistics.holm import holm
from src.statistics.matched import Tradeoff, kept_at_equal_gain


class Point(NamedTuple):
    """One setting, with 95 % intervals."""

    plan: str
    share: float
    """Its strength on the curve; NaN of the others."""
    gained: float
    gained_low: float
    gained_high: float
    kept: float
    kept_low: float
    kept_high: float
    more: float
    """Kept more than the curve where that gains as much; NaN where it nowhere does, and on the curve."""
    more_low: float
    more_high: float
    p_holm: float
    """Of `more` being 0, corrected over all settings that were held against the curve."""
    num_seeds: int


def frontier(name: str, curve: Mapping[float, Tradeoff], others: Mapping[str, Tradeoff]) -> list[Point]:
    """The curve in the order of its strengths, under `name`, then every other setting held against it."""
    in_order = sorted(curve.items())
    more = kept_at_equal_gain(list(others.values()), [one for _, one in in_order])
    tested = holm([math.nan if one is None else one.pvalue for one in more])
    return [_point(name, strength, one, None, math.nan) for strength, one in in_order] + [
        _point(plan, math.nan, one, difference, test.pvalue)
        for (plan, one), difference, test in zip(others.items(), more, tested, strict=True)
    ]


def _point(plan: str, strength: float, one: Tradeoff, more: Estimate | None, p: float) -> Point:
    ends = [(side.value, *side.interval()) for side in one.means]
    compared = (more.value, *more.interval()) if more else (math.nan,) * 3
    return Point(plan, strength, *ends[0], *ends[1], *compared, p, one.means[0].num_seeds)
