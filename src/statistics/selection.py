"""What a published best of several is worth once it is known that it was chosen."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy

NUM_DRAWS = 20_000


class Corrected(NamedTuple):
    """A published effect after the correction for how it was chosen."""

    value: float
    stderr: float
    bias: float
    """What the choice of the best added on average; already subtracted from `value`."""


def best_of(
    scores: Sequence[float], baseline: float, num_items: int, num_draws: int = NUM_DRAWS, seed: int = 0
) -> Corrected:
    """The gain of the best of `scores` over `baseline`, all shares over as many items.

    Parametric bootstrap: every score is drawn anew from a binomial distribution around its published value,
    the best of each draw is chosen, and what it exceeds its own published value by, on average, is the bias
    of choosing. Items are taken as independent between bands: shared items make the true bias smaller.

    Args:
        scores: of all bands that the choice was made from, shares of right answers.
        baseline: the share that the best is compared with; it took no part in the choice.
        num_items: items behind each share.
        num_draws: bootstrap draws.
        seed: of the draws.

    Raises:
        ValueError: no scores, or one that is no share.
    """
    shares = numpy.asarray(scores, dtype=float)
    if shares.ndim != 1 or len(shares) < 1 or not ((shares >= 0) & (shares <= 1)).all():
        raise ValueError(f"scores: given {list(scores)}; needed: shares between 0 and 1")
    random = numpy.random.default_rng(seed)
    drawn = random.binomial(num_items, shares, (num_draws, len(shares))) / num_items
    best = drawn.argmax(axis=1)
    excess = drawn[numpy.arange(num_draws), best] - shares[best]
    bias = float(excess.mean())
    against = random.binomial(num_items, baseline, num_draws) / num_items
    stderr = float((drawn.max(axis=1) - against).std(ddof=1))
    return Corrected(float(shares.max()) - baseline - bias, stderr, bias)
