"""Bootstrap interval of metrics that are cheap to compute for many resamples at once.

A resample is N draws of the N samples with replacement. It is written as the number of times each sample was
drawn, so that a metric becomes a few products of [resample, sample] weights with matrices made once.
"""

import math
from collections.abc import Callable
from functools import lru_cache

import torch
from jaxtyping import Float
from torch import Tensor

from src.metrics.shared.shapes import Weights
from src.metrics.uncertainty.interval import NO_INTERVAL, Interval, t_interval
from src.runtime.seeding import generator
from src.statistics.bounds import FREE, Bounds

NUM_RESAMPLES = 200
SEED = 0  # of its own: the interval of a table must not depend on the run's seed
LEAST_SAMPLES = 4
NUMBERS_HELD = 50_000  # multiplicities that go through a metric at a time; it makes a dozen arrays like them

Replicates = Float[Tensor, "resample"]
Resampled = Callable[[Tensor], Tensor]
"""The values of a metric [resample] for multiplicities [resample, sample]."""


@lru_cache(maxsize=8)
def multiplicities(num_samples: int) -> Weights:
    """How often each sample was drawn, float64; the same for all layers and metrics, so layers compare."""
    drawn = torch.randint(
        num_samples, (NUM_RESAMPLES, num_samples), generator=generator(SEED, "bootstrap", num_samples)
    )
    weights = torch.zeros(NUM_RESAMPLES, num_samples, dtype=torch.float64)
    return weights.scatter_add_(1, drawn, torch.ones_like(weights))


def bootstrap_interval(
    resampled: Resampled, value: float, num_samples: int, bounds: Bounds = FREE
) -> Interval:
    """Standard error from 200 resamples, and value +- t * stderr with a degree of freedom less than samples.

    The standard deviation over resamples, times sqrt(N / (N - 1)): for a mean that is s / sqrt(N), which
    resamples alone fall short of. Their 2.5 and 97.5 % points are no interval: they lack this factor and
    Student's t, and of 200 they leave out 3 % on each side. The interval lies round the value, as a resample
    has fewer different samples, which raises what is biased at few samples (biased CKA, the norm of a mean).
    NaN below 4 samples and where a resample has no value. Source: Efron and Tibshirani 1993; Hesterberg 2015
    (what percentiles lack).
    """
    if num_samples < LEAST_SAMPLES:
        return NO_INTERVAL
    at_a_time = max(1, NUMBERS_HELD // num_samples)
    values = torch.cat([resampled(some) for some in multiplicities(num_samples).split(at_a_time)])
    stderr = values.std().item() * math.sqrt(num_samples / (num_samples - 1))
    return t_interval(value, stderr, num_samples - 1, bounds)
