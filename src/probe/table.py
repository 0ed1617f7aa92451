"""The layer table: a row for each metric, stage and layer."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain

import torch
from torch import Tensor

from src.errors import DataError
from src.metrics.catalog import METRICS, Metric, check_names, check_samples, names_needing, resolve
from src.metrics.jackknife import jackknife_stderr
from src.probe.statistics import LayerStatistics


@dataclass(frozen=True)
class LayerRow:
    """One number of one layer. A number that is not defined is missing (None), never 0."""

    stage: str
    """base, tuned, or change (from base to tuned)."""
    layer: int
    """0 is the embedding output, k the output of block k - 1."""
    depth: float
    """layer / L, from 0 to 1."""
    metric: str
    value: float | None
    stderr: float | None
    n: int | None
    """Samples behind the value; None where it is not made of samples."""


def layer_rows(
    base: LayerStatistics | None,
    tuned: LayerStatistics | None,
    names: Sequence[str],
    num_blocks: int,
    changes: Sequence[float] = (),
) -> list[LayerRow]:
    """Rows by metric in the given order, then stage (base, tuned), then layer.

    Args:
        base: statistics of the base model; None only if no metric needs hidden states.
        tuned: statistics of the tuned model on the same rows; None: only the base is described.
        names: metrics of the catalog.
        num_blocks: L.
        changes: `weight_change` of every block; empty: no rows of weights.

    Raises:
        ConfigError: an unknown metric.
        DataError: the two do not fit each other or the model, or there are too few samples for a metric.
    """
    check_names(names)
    stages = {"base": base} | ({"tuned": tuned} if tuned else {})
    if names_needing(names, "pooled", "tokens", "pair"):
        for stage, statistics in stages.items():
            _check_fits(stage, statistics, base, num_blocks, names)
    rows = []
    for metric in (METRICS[name] for name in names):
        if metric.needs == "weights":
            measured = [("change", layer, change, math.nan, None) for layer, change in enumerate(changes, 1)]
        elif metric.needs == "pair":
            measured = _change(metric, base, tuned) if tuned else []
        else:
            measured = chain.from_iterable(_stage(metric, *item) for item in stages.items())
        for stage, layer, value, stderr, n in measured:
            depth, name = layer / num_blocks, metric.name
            rows.append(LayerRow(stage, layer, depth, name, _known(value), _known(stderr), n))
    return rows


Measured = tuple[str, int, float, float, int | None]
"""Stage, layer, value, standard error and n; NaN where a number is not defined."""


def _stage(metric: Metric, stage: str, statistics: LayerStatistics) -> list[Measured]:
    if metric.needs == "tokens":
        return [(stage, layer, *_mean(values)) for layer, values in enumerate(statistics.tokens[metric.name])]
    return [(stage, layer, *_measure(metric, pooled)) for layer, pooled in enumerate(statistics.pooled)]


def _change(metric: Metric, base: LayerStatistics, tuned: LayerStatistics) -> list[Measured]:
    pairs = zip(base.pooled, tuned.pooled, strict=True)
    return [("change", layer, *_measure(metric, *pair)) for layer, pair in enumerate(pairs)]


def _measure(metric: Metric, *pooled: Tensor) -> tuple[float, float, int]:
    """Value, standard error and n of a metric of pooled vectors."""
    num_samples = len(pooled[0])
    check_samples(metric.name, num_samples)
    if metric.per_sample:
        return _mean(resolve(metric.function)(*pooled))
    statistic: Callable[[Tensor], float] = resolve(metric.statistic)(*pooled)
    stderr = jackknife_stderr(statistic, num_samples, metric.min_samples)
    return statistic(torch.arange(num_samples)), stderr, num_samples


def _mean(values: Tensor) -> tuple[float, float, int]:
    """Mean over samples and its standard error, s / sqrt(n); NaN for one sample."""
    n = len(values)
    stderr = values.std().item() / math.sqrt(n) if n > 1 else math.nan
    return values.mean().item(), stderr, n


def _known(number: float) -> float | None:
    """The number, or None where it is not one."""
    return number if math.isfinite(number) else None


def _check_fits(
    stage: str,
    statistics: LayerStatistics | None,
    base: LayerStatistics | None,
    num_blocks: int,
    names: Sequence[str],
) -> None:
    if statistics is None or base is None:
        raise DataError(f"layer statistics ({stage}): given none; needed for {', '.join(names)}")
    given, needed = tuple(statistics.pooled.shape), (num_blocks + 1, *base.pooled.shape[1:])
    if given != needed:
        raise DataError(f"layer statistics ({stage}): given layers, samples, width {given}; needed: {needed}")
    statistics.check_covers(names)
    for name in names_needing(names, "tokens"):
        given, needed = tuple(statistics.tokens[name].shape), tuple(base.tokens[name].shape)
        if given != needed:
            raise DataError(
                f"layer statistics ({stage}): {name} of layers, samples {given}; needed: {needed}"
            )
