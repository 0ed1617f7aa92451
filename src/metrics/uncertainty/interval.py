"""What is known of a number beside its value: a standard error and a 95 % interval."""

import math
from typing import NamedTuple

import torch

from src.metrics.shared.shapes import PerSample
from src.statistics.bounded import ends_within
from src.statistics.bounds import FREE, Bounds
from src.statistics.student import t_reach


class Interval(NamedTuple):
    """Standard error and the ends of the 95 % interval, in the metric's own unit; NaN where undefined."""

    stderr: float
    low: float
    high: float


NO_INTERVAL = Interval(math.nan, math.nan, math.nan)


def t_interval(value: float, stderr: float, freedom: float, bounds: Bounds = FREE) -> Interval:
    """Value +- t * stderr, t of Student's distribution with `freedom` degrees; NaN without a stderr.

    Of what cannot leave its bounds on their scale: see `ends_within`.
    """
    if not math.isfinite(stderr):
        return Interval(stderr, math.nan, math.nan)
    return Interval(stderr, *ends_within(value, float(t_reach(stderr, freedom)), bounds))


def mean_interval(values: PerSample, bounds: Bounds = FREE) -> Interval:
    """Of a mean over samples: s / sqrt(n), n - 1 degrees of freedom; NaN for one sample."""
    num_samples = len(values)
    if num_samples < 2:
        return NO_INTERVAL
    values = values.to(torch.float64)
    stderr = values.std().item() / math.sqrt(num_samples)
    return t_interval(values.mean().item(), stderr, num_samples - 1, bounds)
