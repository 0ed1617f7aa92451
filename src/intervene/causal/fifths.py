"""Fifths of the depth against a profile: five ranks say too little, so what fifths carry is contrasted.

Of five only a perfect order has p below 0.05 (2 of 120 orders). The mean share of the two fifths where a
profile is largest, less that of the other three, has an interval over seeds and items instead.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy
from numpy import ndarray
from scipy.stats import spearmanr

from src.intervene.causal.profile import NUM_SEGMENTS, segment_shares
from src.intervene.quantity import Quantity
from src.statistics.holm import holm
from src.statistics.two_way_model import crossed

NUM_LARGEST = 2
"""Of five: with one the fifth's own share would decide."""


class FifthContrast(NamedTuple):
    """What the fifths at which a profile points carry beyond the others."""

    predictor: str
    fifths: str
    """The two where the profile's mean is largest."""
    value: float
    """Mean Shapley share of the two less that of the other three, nats a token."""
    low: float
    high: float
    p_holm: float
    """Corrected over the profiles."""
    rho: float
    """Spearman's over the five, without an interval."""


def fifth_contrasts(
    found: Sequence[Quantity], sides: Mapping[str, ndarray], blocks: Sequence[int]
) -> list[FifthContrast]:
    """One for every profile that differs between fifths; none where training left out a fifth.

    Args:
        found: quantities of the task.
        sides: profiles over `blocks`.
        blocks: those that training could change, in the order of depth.
    """
    shares = segment_shares(found, "logp")
    members = [[place for place, block in enumerate(blocks) if block in _range(name)] for name in shares]
    if len(shares) != NUM_SEGMENTS or not all(members):
        return []
    means = {name: numpy.array([side[part].mean() for part in members]) for name, side in sides.items()}
    told = {name: one for name, one in means.items() if numpy.isfinite(one).all() and numpy.ptp(one) > 0}
    return list(_contrasts(told, shares))


def _contrasts(means: Mapping[str, ndarray], shares: Mapping[str, ndarray]) -> Iterator[FifthContrast]:
    table = numpy.stack(list(shares.values()))  # [fifth, seed, item]
    chosen = {name: numpy.argsort(-one, kind="stable")[:NUM_LARGEST] for name, one in means.items()}
    estimates = {name: crossed(_apart(table, places)) for name, places in chosen.items()}
    corrected = holm([one.pvalue for one in estimates.values()])
    for (name, one), test in zip(estimates.items(), corrected, strict=True):
        fifths = " and ".join(numpy.array(list(shares))[sorted(chosen[name])])
        rho = float(spearmanr(means[name], table.mean(axis=(1, 2))).statistic)
        yield FifthContrast(name, fifths, one.value, *one.interval(), test.pvalue, rho)


def _apart(table: ndarray, places: ndarray) -> ndarray:
    return table[places].mean(axis=0) - numpy.delete(table, places, axis=0).mean(axis=0)


def _range(name: str) -> range:
    """The blocks of a player `blocks 0-5`."""
    first, last = name.removeprefix("blocks ").split("-")
    return range(int(first), int(last) + 1)
