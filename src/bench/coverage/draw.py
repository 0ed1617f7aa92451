"""One interval of made data, the value it is of, and the truth."""

from typing import NamedTuple

from src.statistics.estimate import Estimate


class Draw(NamedTuple):
    """One interval."""

    low: float
    high: float
    value: float
    truth: float


def plain(estimate: Estimate, truth: float) -> Draw:
    """The 95 % interval of an estimate."""
    return Draw(*estimate.interval(), estimate.value, truth)
