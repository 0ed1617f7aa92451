"""How far a correlation of two profiles is known from the rows and seeds that both were made of.

The layers are these and no others: whether other layers would agree is what the effective number of layers in
`profile_correlation` is for.
"""

import math
from typing import NamedTuple

import numpy
from numpy import ndarray
from scipy.stats import rankdata

from src.statistics.student import LEVEL, satterthwaite, t_reach

NUM_DRAWS = 400
LEAST_RELIABLE = 0.5
"""Of each profile: the part of its variance over layers that is not noise. Below it there is no interval."""
WIDER = 1.5
"""Of the reach around rho without noise, which is not quite taken out of ranks: by the simulation below."""
SEED = 0


class Redraws(NamedTuple):
    """Weights of seeds and items, [draw, seed] and [draw, item]; each line sums to 1."""

    seeds: ndarray
    items: ndarray


class Replicates(NamedTuple):
    """One profile, and what it would have been of other rows and seeds."""

    seen: ndarray
    """[layer]"""
    both: ndarray
    """[draw, layer]: of other seeds and other items."""
    seeds: ndarray
    """[draw, layer]: of other seeds alone."""
    items: ndarray
    """[draw, layer]: of other items alone."""


def redraws(num_seeds: int, num_items: int) -> Redraws:
    """The same draws for every profile of these seeds and items, so that profiles move together.

    One less is drawn than there are: of a mean that gives the variance with n - 1, and 3 seeds are so few
    that it matters. One seed or item is kept as it is. Source: Rao and Wu (1988).
    """
    random = numpy.random.default_rng(SEED)
    return Redraws(*(_weights(random, size) for size in (num_seeds, num_items)))


def replicates(table: ndarray, drawn: Redraws) -> Replicates:
    """The profile of a table [layer, seed, item], its mean over seeds and items, drawn anew.

    A table may have one seed or one item where the profile knows no others: over these it stays as it is.
    """
    weights = [
        side if size > 1 else numpy.ones((NUM_DRAWS, 1))
        for side, size in zip(drawn, table.shape[1:], strict=True)
    ]
    over_items = table @ weights[1].T  # [layer, seed, draw]
    return Replicates(
        table.mean(axis=(1, 2)),
        numpy.einsum("lsd,ds->dl", over_items, weights[0]),
        weights[0] @ table.mean(axis=2).T,
        over_items.mean(axis=1).T,
    )


def redrawn_interval(first: Replicates, second: Replicates, drawn: Redraws) -> tuple[float, float]:
    """95 % interval of Spearman's correlation of two profiles over other rows and seeds.

    Both profiles are made anew from the same drawn seeds and items. The scatter of atanh(rho) is taken with
    Student's t, by Satterthwaite from that over seeds and that over items. Noise in a profile draws rho
    towards 0, and noise that both share towards 1. So the interval holds those around rho as seen and around
    rho without noise, and the percentiles of what was drawn. Noise is what redrawn profiles have beyond the
    seen one: of a profile with reliability R, its redrawn one correlates with it by 1 / sqrt(2 - R).

    Simulated (1 or 3 seeds, 40 items, 10 to 30 layers, true rho 0 to 0.95, noise of a tenth or a quarter of
    the profile's spread): 0.92 to 1.00 hold the truth; the percentiles alone 0.3 or less where noisy profiles
    are alike.

    Returns:
        Both ends. NaN where a profile is flat, or more noise than profile, or nothing could be drawn anew.
    """
    rho = _spearman(first.seen, second.seen)
    found = _spearman(first.both, second.both)
    if not math.isfinite(rho) or not numpy.isfinite(found).all() or all(map(_is_fixed, (first, second))):
        return math.nan, math.nan
    if numpy.ptp(found) < 1e-12 and abs(found[0] - rho) < 1e-12:
        return float(rho), float(rho)
    own = [float(_spearman(side.both, side.seen[None]).mean()) for side in (first, second)]
    reliable = [2 - 1 / one**2 if one > 0 else 0.0 for one in own]
    if min(reliable) < LEAST_RELIABLE:
        return math.nan, math.nan
    shrunk = math.sqrt(reliable[0] * reliable[1])
    clean = numpy.clip((2 * rho - found.mean() / (own[0] * own[1])) / shrunk, -1, 1)
    most = 1 - 6 / (len(first.seen) ** 3 - len(first.seen))  # half of the way to a perfect order
    centres = [math.atanh(one) for one in numpy.clip([rho, clean], -most, most)]
    reach = _reach(first, second, found, drawn, most)
    reaches = [reach, WIDER * reach / shrunk * (1 - rho**2) / max(1 - clean**2, 1e-9)]
    middle = numpy.quantile(_z(found, most), (LEVEL / 2, 1 - LEVEL / 2))
    low = min(middle[0], *(centre - each for centre, each in zip(centres, reaches, strict=True)))
    high = max(middle[1], *(centre + each for centre, each in zip(centres, reaches, strict=True)))
    return _back(low, most), _back(high, most)


def _reach(first: Replicates, second: Replicates, both: ndarray, drawn: Redraws, most: float) -> float:
    """Half the width on Fisher's scale."""
    variance = float(_z(both, most).var(ddof=1))
    sizes = (drawn.seeds.shape[1], drawn.items.shape[1])
    ways = ((first.seeds, second.seeds), (first.items, second.items))
    parts = [
        (float(_z(_spearman(*way), most).var(ddof=1)), size - 1)
        for way, size in zip(ways, sizes, strict=True)
        if size > 1
    ]
    _, freedom = satterthwaite(parts, min(size - 1 for size in sizes if size > 1))
    return float(t_reach(math.sqrt(variance), freedom))


def _weights(random: numpy.random.Generator, size: int) -> ndarray:
    if size == 1:
        return numpy.ones((NUM_DRAWS, 1))
    return random.multinomial(size - 1, numpy.full(size, 1 / size), NUM_DRAWS) / (size - 1)


def _spearman(first: ndarray, second: ndarray) -> ndarray:
    """Over the last axis; NaN of a flat profile."""
    ranks = [rankdata(side, axis=-1) - (side.shape[-1] + 1) / 2 for side in (first, second)]
    norms = numpy.sqrt((ranks[0] ** 2).sum(axis=-1) * (ranks[1] ** 2).sum(axis=-1))
    with numpy.errstate(invalid="ignore", divide="ignore"):
        return numpy.clip((ranks[0] * ranks[1]).sum(axis=-1) / norms, -1, 1)


def _is_fixed(side: Replicates) -> bool:
    return bool((side.both == side.seen).all())


def _z(rho: ndarray, most: float) -> ndarray:
    return numpy.arctanh(rho.clip(-most, most))


def _back(z: float, most: float) -> float:
    """A correlation; beyond half of the way to a perfect order it is one."""
    return math.copysign(1.0, z) if abs(z) >= math.atanh(most) else math.tanh(z)
