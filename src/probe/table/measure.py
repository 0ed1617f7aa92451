"""One number of one layer: a metric's value, its standard error and its interval."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from src.errors import DataError
from src.metrics.catalog import Metric, check_samples, resolve, switched
from src.metrics.shared.rows import Rows
from src.metrics.uncertainty.bootstrap import bootstrap_interval
from src.metrics.uncertainty.interval import NO_INTERVAL, Interval, mean_interval
from src.metrics.uncertainty.jackknife import jackknife_interval
from src.metrics.uncertainty.random_groups import groups_interval, most_groups


class MetricValue(NamedTuple):
    """A value with its 95 % interval from n samples; NaN where a number is not defined."""

    value: float
    interval: Interval
    n: int


def measure(
    metric: Metric, samples: Sequence[Tensor] | Sequence[Rows], settings: Mapping[str, Any]
) -> MetricValue:
    """The metric of a layer's samples.

    Args:
        metric: a metric of samples.
        samples: what the metric needs: values [sample] of a token metric, `Rows` (one, or base and tuned),
            or pooled vectors of views [sample, view, dim].
        settings: switches of metrics.
    """
    tensors = [one.pooled if isinstance(one, Rows) else one for one in samples]
    if metric.needs == "tokens":
        return _of_values(metric, tensors[0])
    num_samples = len(tensors[0])
    check_samples(metric.name, num_samples)
    if metric.per_sample:
        return _of_values(metric, resolve(metric.function)(*tensors))
    if metric.distinct:
        samples = [one.distinct for one in samples if isinstance(one, Rows)]
        num_samples = len(samples[0])
        if num_samples < metric.min_samples:
            return MetricValue(math.nan, NO_INTERVAL, num_samples)
    if metric.interval == "bootstrap":
        resampled = resolve(metric.resampled)(*samples)
        value = resampled(torch.ones(1, num_samples, dtype=torch.float64)).item()
    else:
        statistic = switched(metric, resolve(metric.function).statistic, settings)(*samples)
        value = statistic(torch.arange(num_samples))
    if not math.isfinite(value):
        return MetricValue(value, NO_INTERVAL, num_samples)
    if metric.interval == "bootstrap":
        interval = bootstrap_interval(resampled, value, num_samples, metric.bounds)
    elif metric.interval == "groups" and most_groups(num_samples, metric.group_rows):
        interval = groups_interval(statistic, value, num_samples, metric.group_rows, metric.bounds)
    else:
        interval = jackknife_interval(statistic, value, num_samples, metric.min_samples, metric.bounds)
    return MetricValue(value, interval, num_samples)


def _of_values(metric: Metric, values: Tensor) -> MetricValue:
    """Mean of what every sample has by itself."""
    if not len(values):
        needed = "at least 1 (metrics.num_token_samples)"
        raise DataError(f"metric {metric.name}: given 0 samples; needed: {needed}")
    return MetricValue(values.mean().item(), mean_interval(values, metric.bounds), len(values))
