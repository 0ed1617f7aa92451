"""Two trade-offs compared where they are alike in what was gained: what each keeps at an equal score."""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy
from numpy import ndarray

from src.statistics.estimate import Estimate
from src.statistics.two_way_model import crossed


class Tradeoff(NamedTuple):
    """What one setting gains and what it keeps, both of the same seeds; more is better in both."""

    gained: ndarray
    """[seed, item]; [seed, 1] for a number that is known without error, such as the norm of an update."""
    kept: ndarray
    """[seed, item], of items of their own."""


def kept_at_equal_gain(candidate: Tradeoff, curve: Sequence[Tradeoff]) -> Estimate | None:
    """What the candidate keeps minus what the curve keeps where it gains as much.

    The curve is a setting at several strengths, in their order, a straight line between neighbours. Each seed
    is matched by itself, so the scatter over seeds is that of the matched difference. The gains that are
    matched are means over items: their error moves the place of the match, so it is carried over through the
    slope of the curve there. Where the curve has the gain several times, it is taken where it keeps most.

    Returns:
        The difference, above 0 where the candidate is better; None where the curve nowhere gains as much.
    """
    matched = [_match(seed, candidate, curve) for seed in range(len(candidate.gained))]
    found = [one for one in matched if one is not None]
    if len(found) < len(matched):
        return None
    kept, moved = (numpy.stack([one[place] for one in found]) for place in (0, 1))
    difference = crossed(kept)
    if moved.shape[1] < 2:
        return difference
    return _with_error_of(difference, crossed(moved))


def _match(seed: int, candidate: Tradeoff, curve: Sequence[Tradeoff]) -> tuple[ndarray, ndarray] | None:
    """Of one seed: the differences in what is kept, by item, and by item of the gain what they err by."""
    gain = candidate.gained[seed].mean()
    best: tuple[float, ndarray, ndarray] | None = None
    for first, second in pairwise(curve):
        start, stop = first.gained[seed].mean(), second.gained[seed].mean()
        if start == stop or not min(start, stop) <= gain <= max(start, stop):
            continue
        way = (gain - start) / (stop - start)
        kept = (1 - way) * first.kept[seed] + way * second.kept[seed]
        gained = (1 - way) * first.gained[seed] + way * second.gained[seed]
        slope = (second.kept[seed].mean() - first.kept[seed].mean()) / (stop - start)
        if best is None or kept.mean() > best[0]:
            best = (kept.mean(), candidate.kept[seed] - kept, slope * (candidate.gained[seed] - gained))
    return None if best is None else best[1:]


def _with_error_of(difference: Estimate, other: Estimate) -> Estimate:
    """The difference with an independent error added, and Satterthwaite's degrees of freedom."""
    parts = [(one.stderr**2, one.freedom) for one in (difference, other)]
    variance = sum(part for part, _ in parts)
    spread = sum(part**2 / freedom for part, freedom in parts)
    freedom = variance**2 / spread if spread else difference.freedom
    return Estimate(
        difference.value, math.sqrt(variance), freedom, difference.num_seeds, difference.num_items
    )
