"""Which candidates of a step are trained on, from the norms of their gradients: functions of arrays.

Published for continual tuning that is to keep what a model had (arXiv 2604.17215, Algorithm 1 in a third
party's transcription). INFERRED: gradients at the weights of the step, of the layers that train; the share is
of all candidates, before the filter; the standard deviation is that of a sample.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Places = NDArray[np.int64]

NUM_BINS = 4


def near_mean(losses: Floats) -> Places:
    """Places of the candidates whose loss lies within one standard deviation of the mean."""
    if len(losses) < 2:
        return np.flatnonzero(np.isfinite(losses))
    return np.flatnonzero(np.abs(losses - losses.mean()) <= losses.std(ddof=1))


def by_norm(kind: str, norms: Floats, count: int, order: Places) -> Places:
    """The places of `count` candidates, ascending; of equal ones the first.

    Args:
        kind: low, high, moderate, random or clip, which takes random ones.
        norms: of the candidates.
        count: how many, or all where there are fewer.
        order: of random ones: a permutation of all places.
    """
    if kind in ("random", "clip"):
        ranked = order
    else:
        keys = {"low": norms, "high": -norms, "moderate": np.abs(norms - np.median(norms))}
        ranked = np.argsort(keys[kind], kind="stable")
    return np.sort(ranked[:count])


def matched(norms: Floats, lengths: Floats, count: int, choose: Callable[[Floats, int], Places]) -> Places:
    """The same within bins of length, each with its share of `count`; plain where all lengths are equal.

    Args:
        norms: of the candidates.
        lengths: their supervised tokens, at least 1.
        count: how many in all.
        choose: places of so many candidates by their norms, which are without their trend over length.
    """
    level, logs = without_trend(norms, lengths), np.log(lengths)
    edges = np.unique(np.quantile(logs, np.arange(1, NUM_BINS) / NUM_BINS))
    bins = np.digitize(logs, edges[edges < logs.max()], right=True)
    members = [np.flatnonzero(bins == one) for one in np.unique(bins)]
    quotas = _quotas([len(one) for one in members], min(count, len(norms)))
    picked = [one[choose(level[one], quota)] for one, quota in zip(members, quotas, strict=True) if quota]
    return np.sort(np.concatenate(picked))


def without_trend(norms: Floats, lengths: Floats) -> Floats:
    """Norms as they would be at one length: the slope of log norm over log length is taken off."""
    x = np.log(lengths) - np.log(lengths).mean()
    if not x.any() or not (norms > 0).all():
        return norms
    slope = (x * np.log(norms)).sum() / (x * x).sum()
    return norms * np.exp(-slope * x)


def _quotas(sizes: list[int], count: int) -> list[int]:
    """`count` shared out by size; what rounding leaves goes to the largest remainders, the first of equal."""
    exact = np.array(sizes) * count / sum(sizes)
    found = np.floor(exact).astype(int)
    rest = np.argsort(found - exact, kind="stable")[: count - found.sum()]
    found[rest] += 1
    return found.tolist()
