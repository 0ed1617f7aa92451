"""Coverage of one design."""

from typing import NamedTuple

import numpy

from src.bench.coverage.designs import Design


class Coverage(NamedTuple):
    """Of a 95 % interval."""

    coverage: float
    width_over_sd: float
    """Half the mean width over 1.96 standard deviations of the number itself."""


def simulate(design: Design, rounds: int) -> Coverage:
    """Draw a design many times; an interval that is not there holds nothing."""
    random = numpy.random.default_rng(7)
    low, high, value, truth = numpy.array([design.draw(random) for _ in range(rounds)]).T
    held = (low <= truth) & (truth <= high)
    width = numpy.nanmean(high - low) / 2 / (1.96 * value.std(ddof=1))
    return Coverage(float(held.mean()), float(width))
