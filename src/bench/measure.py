"""How a ratio is measured: A and B in turn, so that a machine that slows down slows both."""

import statistics
import time
from collections.abc import Callable, Iterator
from typing import TypeAlias

PAIRS = 7
Figures: TypeAlias = Iterator[tuple[str, float]]
"""What a part finds, each figure by its name as soon as it is there."""


def ratio(first: Callable[[], object], second: Callable[[], object], pairs: int = PAIRS) -> float:
    """Median over neighbouring runs of seconds(first) / seconds(second), after one warm-up each."""
    first(), second()
    return statistics.median(seconds(first) / seconds(second) for _ in range(pairs))


def seconds(action: Callable[[], object]) -> float:
    """Wall-clock seconds of one call."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start
