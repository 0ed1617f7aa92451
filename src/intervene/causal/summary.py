"""What the profile comes to: ratios of sums over its parts, with Fieller's intervals over seeds and items."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy
from numpy import ndarray

from src.intervene.causal.profile import NUM_SEGMENTS
from src.intervene.quantity import Quantity
from src.statistics.fieller import interval_of_ratio
from src.statistics.student import LEVEL
from src.statistics.two_way_model import crossed

MIDDLE_NULL = (NUM_SEGMENTS - 2) / NUM_SEGMENTS
"""The share of the middle where every segment has the same."""


class Summary(NamedTuple):
    """One number about a profile."""

    score: str
    name: str
    value: float
    low: float
    """The ends are NaN where the divisor cannot be told from 0."""
    high: float


def summaries(found: Sequence[Quantity], num_blocks: int) -> Iterator[Summary]:
    """Middle share, relative slope and centre of the shares; what the controls bring against the own updates.

    Args:
        found: the quantities.
        num_blocks: L; the depth of block b is (b + 1) / L.
    """
    for score in dict.fromkeys(one.score for one in found):
        segments = [one.values for one in found if (one.score, one.kind) == (score, "shapley")
                    and one.player.startswith("blocks")]  # fmt: skip
        if len(segments) == NUM_SEGMENTS:
            yield ratio(score, "middle_share", _total(segments[1:-1]), _total(segments))
        for kind in ("path", "alone"):
            yield from _along_depth(score, kind, found, num_blocks)
        own = _by_block(found, score, "alone")
        for kind in ("noise", "permuted", "wrong_block", "other_seed", "equal_norm"):
            if other := _by_block(found, score, kind):
                above, below = _total(other.values()), _total(own[block] for block in other)
                yield ratio(score, f"{kind}_over_alone", above, below)


def _along_depth(score: str, kind: str, found: Sequence[Quantity], num_blocks: int) -> Iterator[Summary]:
    values = _by_block(found, score, kind)
    if len(values) < 3:
        return
    shares = numpy.stack(list(values.values()))  # [block, seed, item]
    depth = (numpy.array(list(values)) + 1) / num_blocks
    around = depth - depth.mean()
    slope = numpy.tensordot(around / (around @ around), shares, axes=1)
    yield ratio(score, f"{kind}_relative_slope", slope, shares.mean(axis=0))
    yield ratio(score, f"{kind}_centre", numpy.tensordot(depth, shares, axes=1), shares.sum(axis=0))


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
