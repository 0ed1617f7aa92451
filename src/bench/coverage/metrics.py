"""Intervals of metrics over rows, about what the metric is on average for so many rows."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy
import torch
from numpy.random import Generator

from src.metrics.catalog import METRICS
from src.metrics.shared.rows import Rows
from src.probe.table.measure import measure

NAMES = (
    "cka_debiased", "cka_biased", "mean_shift", "procrustes_distance", "cosine_similarity", "effective_rank",
    "participation_ratio", "spectral_norm", "intrinsic_dimension_twonn",
)  # fmt: skip
WIDTH = 12
"""Dimensions of the made states; few rows and few dimensions keep it short."""


class MetricCoverage(NamedTuple):
    """One metric under one design."""

    name: str
    n: int
    made: str
    coverage: float
    width_over_sd: float
    """Half the mean width over 1.96 standard deviations of the metric: 1 is as long as it should be."""


def coverages(rounds: int, n: int = 60) -> Iterator[MetricCoverage]:
    """Every metric of `NAMES` on normal rows, and on rows with heavy tails."""
    for made, noise in _NOISE.items():
        for name in NAMES:
            random = numpy.random.default_rng(11)
            drawn = [_measured(name, n, random, noise) for _ in range(rounds)]
            yield _summary(name, n, made, numpy.array(drawn))


_NOISE: dict[str, Callable[[Generator, tuple[int, int]], numpy.ndarray]] = {
    "normal": lambda random, shape: random.normal(size=shape),
    "t, 4 degrees of freedom": lambda random, shape: random.standard_t(4, shape),
}


def _measured(
    name: str, n: int, random: Generator, noise: Callable[[Generator, tuple[int, int]], numpy.ndarray]
) -> tuple[float, float, float]:
    base = noise(random, (n, WIDTH)) * numpy.linspace(1.5, 0.5, WIDTH) + 1.0
    tuned = base + 0.5 * noise(random, (n, WIDTH)) + 0.3
    pair = [Rows(torch.from_numpy(side)) for side in (base, tuned)]
    metric = METRICS[name]
    found = measure(metric, pair if metric.needs == "pair" else pair[1:], {})
    return found.value, found.interval.low, found.interval.high


def _summary(name: str, n: int, made: str, drawn: numpy.ndarray) -> MetricCoverage:
    value, low, high = drawn.T
    truth = value.mean()
    width = (high - low).mean() / 2 / (1.96 * value.std(ddof=1))
    return MetricCoverage(name, n, made, float(((low <= truth) & (truth <= high)).mean()), float(width))
