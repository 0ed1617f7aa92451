"""What is known of a number beside its value: a standard error and a 95 % interval."""

import math
from typing import NamedTuple

import torch

from src.metrics.shared.shapes import PerSample
from src.statistics.student import t_reach

LOW, HIGH = 0.025, 0.975


class Interval(NamedTuple):
    """Standard error and the ends of the 95 % interval, in the metric's own unit; NaN where undefined."""

    stderr: float
    low: float
    high: float


NO_INTERVAL = Interval(math.nan, math.nan, math.nan)


def t_interval(value: float, stderr: float, freedom: int) -> Interval:
    """Value +- t * stderr, t of Student's distribution with `freedom` degrees; NaN without a stderr."""
    reach = float(t_reach(stderr, freedom)) if math.isfinite(stderr) else math.nan
    return Interval(stderr, value - reach, value + reach)


def mean_interval(values: PerSample) -> Interval:
    """Of a mean over samples: s / sqrt(n), n - 1 degrees of freedom; NaN for one sample."""
    num_samples = len(values)
    if num_samples < 2:
        return NO_INTERVAL
    values = values.to(torch.float64)
    return t_interval(values.mean().item(), values.std().item() / math.sqrt(num_samples), num_samples - 1)
