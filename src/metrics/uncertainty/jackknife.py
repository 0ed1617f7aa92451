"""Standard error and interval of a statistic of all samples together."""

import math

import torch

from src.metrics.shared.rows import NUM_BLOCKS
from src.metrics.shared.shapes import Statistic
from src.metrics.uncertainty.interval import Interval, t_interval
from src.statistics.bounds import FREE, Bounds

LEAST_BLOCKS = 4


def jackknife_stderr(statistic: Statistic, num_samples: int, num_needed: int) -> float:
    """Delete-block jackknife standard error of `statistic`, in its own unit.

    The samples are cut into min(20, num_samples) blocks of neighbours, whose sizes differ by one at most.
    With g blocks and t_i the statistic without block i: sqrt((g - 1) / g * sum_i (t_i - mean(t))^2). Blocks
    of size 1 give the plain jackknife, which for a mean is s / sqrt(N). Neighbours stay together, so
    samples that resemble their neighbours do not make the error too small.

    NaN where there are fewer than 4 samples, where what is kept has fewer than `num_needed` samples, or
    where a leave-out value is NaN. Source: Künsch 1989 and Busing et al. 1999 (blocks of equal size).
    """
    blocks = torch.arange(num_samples).tensor_split(_num_blocks(num_samples))
    if len(blocks) < LEAST_BLOCKS or num_samples - len(blocks[0]) < num_needed:
        return math.nan
    values = []
    for block in blocks:
        kept = torch.ones(num_samples, dtype=torch.bool)
        kept[block] = False
        values.append(statistic(kept.nonzero().squeeze(1)))
    left_out = torch.tensor(values, dtype=torch.float64)
    num_blocks = len(blocks)
    return ((num_blocks - 1) / num_blocks * (left_out - left_out.mean()).square().sum()).sqrt().item()


def jackknife_interval(
    statistic: Statistic, value: float, num_samples: int, num_needed: int, bounds: Bounds = FREE
) -> Interval:
    """`jackknife_stderr` and value +- t * stderr, with a degree of freedom less than blocks."""
    stderr = jackknife_stderr(statistic, num_samples, num_needed)
    return t_interval(value, stderr, _num_blocks(num_samples) - 1, bounds)


def _num_blocks(num_samples: int) -> int:
    return min(NUM_BLOCKS, max(num_samples, 1))
