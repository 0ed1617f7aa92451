"""Standard error and interval of a statistic of the nearest neighbours, which a jackknife makes too wide."""

import math

import torch
from torch import Tensor

from src.metrics.shared.rows import NUM_BLOCKS
from src.metrics.shared.shapes import Statistic
from src.metrics.uncertainty.interval import NO_INTERVAL, Interval, t_interval
from src.runtime.seeding import permutation
from src.statistics.bounds import FREE, Bounds

SEED = 0  # of its own: the interval of a table must not depend on the run's seed
MOST_GROUPS = 4
NUM_STATISTICS = 24  # of groups, over all divisions


def groups_interval(
    statistic: Statistic, value: float, num_samples: int, num_needed: int, bounds: Bounds = FREE
) -> Interval:
    """Standard error from groups of samples that share none, and value +- t * stderr.

    A sample that is left out changes the neighbours of several others, each of which counts as if it had
    changed by chance of its own: a jackknife of such a statistic is too wide however many samples there are
    (by 1.7 for TwoNN). Groups of different samples are independent, and n / G samples have the variance
    of n times G. Of ten neighbours this is not yet so at 200 samples (0.90 held the truth), and the Levina-
    Bickel estimate keeps its jackknife. So the samples are divided into G groups, 4 or 2, that have at least
    `num_needed` each; stderr = sqrt(mean over divisions of var(groups) / G). Groups are made of the blocks
    of neighbours of the jackknife, so that samples that resemble their neighbours do not make the error too
    small.

    With g blocks and R divisions the variance is known like one of 1 / (1 / (g - 1) + (1 / (G - 1) -
    1 / (g - 1)) / R) degrees of freedom: divisions share the blocks. NaN where not even two groups have
    enough samples, or one has no value. Source: Mahalanobis 1946 (interpenetrating samples); Wolter 2007.
    """
    blocks = torch.arange(num_samples).tensor_split(min(NUM_BLOCKS, max(num_samples, 1)))
    num_groups = most_groups(num_samples, num_needed)
    if not num_groups:
        return NO_INTERVAL
    num_divisions = NUM_STATISTICS // num_groups
    variances = [_variance(statistic, blocks, num_groups, index) for index in range(num_divisions)]
    stderr = math.sqrt(sum(variances) / num_divisions / num_groups)
    apart, within = 1 / (len(blocks) - 1), 1 / (num_groups - 1)
    return t_interval(value, stderr, 1 / (apart + max(within - apart, 0.0) / num_divisions), bounds)


def most_groups(num_samples: int, num_needed: int) -> int:
    """4 or 2, as many groups as have `num_needed` samples each, and 4 blocks; else 0."""
    num_blocks = min(NUM_BLOCKS, num_samples)
    sizes = {some: num_blocks // some for some in (MOST_GROUPS, 2)}
    enough = [
        some for some, size in sizes.items() if size >= 4 and size * (num_samples // num_blocks) >= num_needed
    ]
    return enough[0] if enough else 0


def _variance(statistic: Statistic, blocks: tuple[Tensor, ...], num_groups: int, index: int) -> float:
    order = torch.tensor(permutation(len(blocks), SEED, "groups", index))
    groups = [torch.cat([blocks[int(at)] for at in some]) for some in order.tensor_split(num_groups)]
    values = torch.tensor([statistic(group.sort().values) for group in groups], dtype=torch.float64)
    return values.var().item()
