"""A curve of one setting at several strengths, and other settings held against it."""

import math
from collections.abc import Mapping
from typing import NamedTuple

from src.statistics.estimate import Estimate
from src.statistics.holm import holm
from src.statistics.matched import Tradeoff, kept_at_equal_gain
from src.statistics.seeds import over_seeds
from src.statistics.two_way_model import crossed


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
    points = [_point(name, strength, one, None, math.nan) for strength, one in sorted(curve.items())]
    in_order = [one for _, one in sorted(curve.items())]
    more = {plan: kept_at_equal_gain(one, in_order) for plan, one in others.items()}
    tested = holm([math.nan if one is None else one.pvalue for one in more.values()])
    return points + [
        _point(plan, math.nan, one, more[plan], test.pvalue)
        for (plan, one), test in zip(others.items(), tested, strict=True)
    ]


def _point(plan: str, strength: float, one: Tradeoff, more: Estimate | None, p: float) -> Point:
    gained = crossed(one.gained) if one.gained.shape[1] > 1 else over_seeds(one.gained[:, 0].tolist())
    ends = [(side.value, *side.interval()) for side in (gained, crossed(one.kept))]
    compared = (more.value, *more.interval()) if more else (math.nan,) * 3
    return Point(plan, strength, *ends[0], *ends[1], *compared, p, gained.num_seeds)
