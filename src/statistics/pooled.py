"""Arms x seeds: how much seeds scatter, learned from all arms at once."""

from typing import NamedTuple

import numpy


class Pooled(NamedTuple):
    """The scatter over seeds of a difference between two arms."""

    variance: float
    """Of the difference at one seed, in squared units of the score."""
    freedom: float
    """Degrees of freedom behind it."""


def pooled_over_arms(means: numpy.ndarray) -> Pooled | None:
    """Twice the mean square of arms x seeds, of a table [arm, seed] of scores; None below 3 arms or 2 seeds.

    Three seeds know their own scatter badly (2 degrees of freedom); ten arms on the same three seeds know it
    well (18), if seeds scatter alike in all of them. This is the error term of a repeated-measures ANOVA and
    of Dunnett's comparison of many arms with one baseline.
    """
    means = numpy.asarray(means, dtype=float)
    num_arms, num_seeds = means.shape
    if num_arms < 3 or num_seeds < 2:
        return None
    rest = means - means.mean(axis=0) - means.mean(axis=1)[:, None] + means.mean()
    freedom = (num_arms - 1) * (num_seeds - 1)
    return Pooled(2 * float((rest**2).sum()) / freedom, freedom)
