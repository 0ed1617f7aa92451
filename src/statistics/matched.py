"""Two trade-offs compared where they are alike in what was gained: what each keeps at an equal score."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy
from numpy import ndarray

from src.statistics.estimate import Estimate
from src.statistics.seeds import over_seeds
from src.statistics.student import satterthwaite
from src.statistics.two_way_model import crossed, crossed_each

_AT_ONCE = 64  # candidates: their tables stay in the processor's cache


@dataclass(frozen=True, eq=False)
class Tradeoff:
    """What one setting gains and what it keeps, both of the same seeds; more is better in both."""

    gained: ndarray
    """[seed, item]; [seed, 1] for a number that is known without error, such as the norm of an update."""
    kept: ndarray
    """[seed, item], of items of their own."""

    @cached_property
    def means(self) -> tuple[Estimate, Estimate]:
        """Gained and kept, each with the error of its seeds and items."""
        known = self.gained.shape[1] < 2
        return over_seeds(self.gained[:, 0].tolist()) if known else crossed(self.gained), crossed(self.kept)


@dataclass(frozen=True)
class _Together:
    """Settings of one shape, each side [setting, seed, item]."""

    gained: ndarray
    kept: ndarray


def kept_at_equal_gain(candidates: Sequence[Tradeoff], curve: Sequence[Tradeoff]) -> list[Estimate | None]:
    """What each candidate keeps minus what the curve keeps where it gains as much.

    The curve is a setting at several strengths, in their order, a straight line between neighbours. Each seed
    is matched by itself, so the scatter over seeds is that of the matched difference. The gains that are
    matched are means over items: their error moves the place of the match, so it is carried over through the
    slope of the curve there. Where the curve has the gain several times, it is taken where it keeps most.

    Returns:
        The differences, above 0 where the candidate is better; None where the curve nowhere gains as much.
    """
    line = _together(curve)
    starts = range(0, len(candidates), _AT_ONCE)
    return [
        one
        for start in starts
        for one in _kept_at_equal_gain(_together(candidates[start : start + _AT_ONCE]), line)
    ]


def _together(settings: Sequence[Tradeoff]) -> _Together:
    return _Together(
        numpy.stack([one.gained for one in settings]), numpy.stack([one.kept for one in settings])
    )


def _kept_at_equal_gain(some: _Together, curve: _Together) -> list[Estimate | None]:
    start, way, found = _matches(some, curve)
    seeds, way = numpy.arange(way.shape[1]), way[found][..., None]
    start = start[found]

    def on_curve(side: ndarray) -> ndarray:
        """What the line has at the matches, [candidate, seed, item]."""
        return (1 - way) * side[start, seeds] + way * side[start + 1, seeds]

    estimates = crossed_each(some.kept[found] - on_curve(curve.kept))
    if some.gained.shape[-1] > 1:
        gained, kept = (side.mean(axis=-1) for side in (curve.gained, curve.kept))
        slope = numpy.diff(kept, axis=0)[start, seeds] / numpy.diff(gained, axis=0)[start, seeds]
        moved = crossed_each(slope[..., None] * (some.gained[found] - on_curve(curve.gained)))
        estimates = [_with_error_of(*one) for one in zip(estimates, moved, strict=True)]
    of_found = iter(estimates)
    return [next(of_found) if known else None for known in found]


def _matches(some: _Together, curve: _Together) -> tuple[ndarray, ndarray, ndarray]:
    """By candidate and seed: the strength behind which the curve has its gain, and the way to the next one.

    Last: which candidates have their gain on the curve, of every seed. Of several places that with most kept.
    """
    gain, level, kept = (side.mean(axis=-1) for side in (some.gained, curve.gained, curve.kept))
    first, second, gain = level[:-1], level[1:], gain[:, None]  # [strength, seed]; [candidate, 1, seed]
    inside = (numpy.minimum(first, second) <= gain) & (gain <= numpy.maximum(first, second))
    inside &= first != second
    way = numpy.divide(gain - first, second - first, where=inside, out=numpy.zeros(inside.shape))
    height = numpy.where(inside, (1 - way) * kept[:-1] + way * kept[1:], -math.inf)
    start = height.argmax(axis=1)
    return start, numpy.take_along_axis(way, start[:, None], axis=1)[:, 0], inside.any(axis=1).all(axis=1)


def _with_error_of(difference: Estimate, other: Estimate) -> Estimate:
    """The difference with an independent error added, and Satterthwaite's degrees of freedom."""
    parts = [(one.stderr**2, one.freedom) for one in (difference, other)]
    variance, freedom = satterthwaite(parts, difference.freedom)
    return replace(difference, stderr=math.sqrt(variance), freedom=freedom)
