"""Intervals of metrics over rows, about what the metric is on average for so many rows."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy
import torch
from numpy.random import Generator

from src.metrics.catalog import METRICS
from src.metrics.shared.rows import Rows
from src.probe.table.measure import measure

NAMES = (
    "cka_debiased", "cka_standardised", "cka_biased", "cka_biased_floor", "cosine_similarity", "mean_shift",
    "mean_shift_floor", "change_intensity", "procrustes_distance", "pretrained_directions_share", "l2_norm",
    "effective_rank", "participation_ratio", "spectral_norm", "gini", "anisotropy", "dataset_entropy",
    "intrinsic_dimension_twonn", "intrinsic_dimension_mle", "condition_number",
    "principal_angles",
)  # fmt: skip
SIZES = (20, 60, 200)
"""Rows of the made data."""
WIDTH = 12
"""Dimensions of the made states; few rows and few dimensions keep it short."""
NORMAL, HEAVY, UNEQUAL = "normal", "t, 4 degrees of freedom", "rows of unequal length"


class MetricCoverage(NamedTuple):
    """One metric under one design."""

    name: str
    n: int
    made: str
    coverage: float
    width_over_sd: float
    """Half the mean width over 1.96 standard deviations of the metric: 1 is as long as it should be."""


Noise = Callable[[Generator, tuple[int, int]], numpy.ndarray]
NOISE: dict[str, Noise] = {
    NORMAL: lambda random, shape: random.normal(size=shape),
    HEAVY: lambda random, shape: random.standard_t(4, shape),
    UNEQUAL: lambda random, shape: (
        random.normal(size=shape) * numpy.exp(0.5 * random.normal(size=(shape[0], 1)))
    ),
}
"""Ways to make numbers; rows of unequal length are skew, as those of texts are."""


def coverages(
    rounds: int,
    sizes: Sequence[int] = SIZES,
    names: Sequence[str] = NAMES,
    noises: Sequence[str] = tuple(NOISE),
) -> Iterator[MetricCoverage]:
    """Every metric at every number of rows and every way to make them; all of a design see the same rows."""
    for made in noises:
        for n in sizes:
            random = numpy.random.default_rng([11, n])
            drawn = numpy.array([_measured(names, n, random, NOISE[made]) for _ in range(rounds)])
            for place, name in enumerate(names):
                yield _summary(name, n, made, drawn[:, place])


def _measured(
    names: Sequence[str], n: int, random: Generator, noise: Noise
) -> list[tuple[float, float, float]]:
    base = noise(random, (n, WIDTH)) * numpy.linspace(1.5, 0.5, WIDTH) + 1.0
    tuned = base + 0.5 * noise(random, (n, WIDTH)) + 0.3
    pair, found = [Rows(torch.from_numpy(side)) for side in (base, tuned)], []
    for metric in (METRICS[name] for name in names):
        one = measure(metric, pair if metric.needs == "pair" else pair[1:], {})
        found.append((one.value, one.interval.low, one.interval.high))
    return found


def _summary(name: str, n: int, made: str, drawn: numpy.ndarray) -> MetricCoverage:
    value, low, high = drawn.T
    truth = value.mean()
    width = (high - low).mean() / 2 / (1.96 * value.std(ddof=1))
    return MetricCoverage(name, n, made, float(((low <= truth) & (truth <= high)).mean()), float(width))
