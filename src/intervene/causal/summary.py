"""What the profile comes to: ratios of sums over its parts, and where they lie, over seeds and items."""

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy
from numpy import ndarray

from src.intervene.causal.profile import NUM_SEGMENTS, segment_shares
from src.intervene.quantity import Quantity
from src.probe.table.depth_profile import change_location
from src.statistics.fieller import interval_of_ratio
from src.statistics.student import LEVEL
from src.statistics.two_way_model import crossed, crossed_apart

DIFFERENCE = "logp - english"
"""The score of a difference: where the gain sits against where forgetting does."""
ENOUGH = 0.1
"""Half-width of what the middle carries, as a share of the gain: a pilot is judged by it."""
PILOT = ("middle_known_to", "items_for_a_tenth")
"""Summaries that say nothing of the profile, but how well it is known; without an interval."""
WIDEST = 0.5
"""The width of a profile that is the same at every block."""


class Summary(NamedTuple):
    """One number about a profile."""

    score: str
    """Or `logp - english`: the difference of two."""
    name: str
    value: float
    low: float
    """The ends are NaN where the divisor cannot be told from 0."""
    high: float


def is_share(one: Summary) -> bool:
    """Whether it is of one block alone."""
    return one.name.startswith("block ")


class Ratio(NamedTuple):
    """Of the means of two tables [seed, item]."""

    name: str
    above: ndarray
    below: ndarray

    @property
    def cells(self) -> ndarray:
        """A table [seed, item] whose mean is the ratio and whose scatter is, to first order, its own."""
        value = self.above.mean() / self.below.mean()
        return value + (self.above - value * self.below) / self.below.mean()


def summaries(found: Sequence[Quantity], num_blocks: int) -> Iterator[Summary]:
    """Middle share, relative slope, centre and width; what the controls bring against the own updates.

    Args:
        found: the quantities.
        num_blocks: L; the depth of block b is (b + 1) / L.
    """
    for score in dict.fromkeys(one.score for one in found):
        for one in [*_places(found, score, num_blocks), *_controls(found, score)]:
            yield ratio(score, *one)
        yield from _pilot(found, score)
        for kind in ("path", "alone"):
            if (cells := _width(found, score, kind)) is not None:
                low, high = crossed(cells).interval()
                yield Summary(score, f"{kind}_width", float(cells.mean()), max(low, 0), min(high, WIDEST))


def differences(found: Sequence[Quantity], num_blocks: int) -> Iterator[Summary]:
    """Where the gain sits minus where forgetting sits: the same summaries, and the share of every block."""
    if {one.score for one in found} < {"logp", "english"}:
        return
    gain, forgetting = (_cells(found, score, num_blocks) for score in ("logp", "english"))
    for name in [name for name in gain if name in forgetting]:
        gap = crossed_apart(gain[name], forgetting[name])
        yield Summary(DIFFERENCE, name, gap.value, *gap.interval())


def contrasts(first: Sequence[Quantity], second: Sequence[Quantity], num_blocks: int) -> Iterator[Summary]:
    """The summaries of one arm minus those of another, and each block's share, paired by seed and item."""
    for score in dict.fromkeys(one.score for one in first):
        one, other = (_cells(found, score, num_blocks) for found in (first, second))
        for name in [name for name in one if name in other]:
            gap = crossed(one[name] - other[name])
            yield Summary(score, name, gap.value, *gap.interval())


def _cells(found: Sequence[Quantity], score: str, num_blocks: int) -> dict[str, ndarray]:
    """By name a table [seed, item] whose mean is the summary."""
    ratios = [*_places(found, score, num_blocks), *_shares(found, score)]
    cells = {one.name: one.cells for one in ratios}
    width = _width(found, score, "path")
    return cells if width is None else cells | {"path_width": width}


def _pilot(found: Sequence[Quantity], score: str) -> Iterator[Summary]:
    """How well the middle is known, as a share of the gain, and about how many items would do for a tenth.

    Errors shrink with the root of the number of items where items make them: of few seeds less.
    """
    segments = list(segment_shares(found, score).values())
    if len(segments) != NUM_SEGMENTS:
        return
    middle = crossed(_total(segments[1:-1]))
    low, high = middle.interval()
    reach = (high - low) / 2 / abs(float(_total(segments).mean()))
    items = math.ceil(segments[0].shape[1] * (reach / ENOUGH) ** 2) if math.isfinite(reach) else math.nan
    yield Summary(score, PILOT[0], reach, math.nan, math.nan)
    yield Summary(score, PILOT[1], items, math.nan, math.nan)


def _places(found: Sequence[Quantity], score: str, num_blocks: int) -> Iterator[Ratio]:
    segments = list(segment_shares(found, score).values())
    if len(segments) == NUM_SEGMENTS:
        yield Ratio("middle_share", _total(segments[1:-1]), _total(segments))
    for kind in ("path", "alone"):
        values = _by_block(found, score, kind)
        if len(values) < 3:
            continue
        shares = numpy.stack(list(values.values()))  # [block, seed, item]
        depth = (numpy.array(list(values)) + 1) / num_blocks
        around = depth - depth.mean()
        slope = numpy.tensordot(around / (around @ around), shares, axes=1)
        yield Ratio(f"{kind}_relative_slope", slope, shares.mean(axis=0))
        yield Ratio(f"{kind}_centre", numpy.tensordot(depth, shares, axes=1), shares.sum(axis=0))


def _controls(found: Sequence[Quantity], score: str) -> Iterator[Ratio]:
    own = _by_block(found, score, "alone")
    for kind in ("noise", "permuted", "wrong_block", "other_seed", "equal_norm"):
        if other := _by_block(found, score, kind):
            yield Ratio(f"{kind}_over_alone", _total(other.values()), _total(own[block] for block in other))


def _shares(found: Sequence[Quantity], score: str) -> Iterator[Ratio]:
    values = _by_block(found, score, "path")
    for block, share in values.items():
        yield Ratio(f"block {block}", share, _total(values.values()))


def _width(found: Sequence[Quantity], score: str, kind: str) -> ndarray | None:
    """Width as in the depth reports, of the blocks that bring something, as cells [seed, item]."""
    shares = numpy.array(list(_by_block(found, score, kind).values()))
    if len(shares) < 3:
        return None
    means = shares.mean(axis=(1, 2))
    if (value := _width_of(means)) is None:
        return None
    step = 1e-5 * abs(means).max()
    moved = [[_width_of(means + way * one) for way in (-1, 1)] for one in step * numpy.eye(len(means))]
    slopes = numpy.array([((after or value) - (before or value)) / (2 * step) for before, after in moved])
    return value + numpy.tensordot(slopes, shares - means[:, None, None], axes=1)


def _width_of(amounts: ndarray) -> float | None:
    return change_location(numpy.arange(len(amounts)), amounts.clip(0))["width"]


def _total(values: Iterable[ndarray]) -> ndarray:
    return numpy.sum(list(values), axis=0)


def _by_block(found: Sequence[Quantity], score: str, kind: str) -> dict[int, ndarray]:
    return {
        int(one.player.removeprefix("block ")): one.values
        for one in found
        if (one.score, one.kind) == (score, kind) and one.player.startswith("block ")
    }


def ratio(score: str, name: str, above: ndarray, below: ndarray) -> Summary:
    """Of the means of two tables [seed, item], with Fieller's interval."""
    divisor = crossed(below)
    value = float(above.mean()) / divisor.value if divisor.value else numpy.nan
    low, high = interval_of_ratio(lambda r: crossed(above - r * below), value, divisor, LEVEL)
    return Summary(score, name, value, low, high)
