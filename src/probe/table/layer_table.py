"""The layer table: a row for each metric, stage and layer."""

import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from torch import Tensor

from src.config.metrics import Reading
from src.errors import DataError
from src.metrics.catalog import METRICS, Metric, alike_only, names_needing
from src.metrics.shared.rows import Rows
from src.metrics.shared.standardised import standardised
from src.metrics.uncertainty.interval import NO_INTERVAL, Interval
from src.probe.states.layer_statistics import LayerStatistics
from src.probe.table.measure import MetricValue, measure
from src.probe.table.parallel import parallel_map

_LOG = logging.getLogger(__name__)
_WHOLE = Reading("all", standardised=False)
STAGES = ("base", "tuned", "change")


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
    """A metric of the catalog, or metric/kind for one kind of weights in the block."""
    value: float | None
    stderr: float | None
    n: int | None
    """Samples behind the value; None where it is not made of samples."""
    low: float | None = None
    """Lower end of the 95 % interval."""
    high: float | None = None
    """Upper end of the 95 % interval."""


def layer_rows(
    base: LayerStatistics,
    tuned: LayerStatistics | None,
    names: Sequence[str],
    num_blocks: int,
    settings: Mapping[str, Any] = MappingProxyType({}),
    reading: Reading = _WHOLE,
) -> list[LayerRow]:
    """Rows of the metrics of hidden states, in the order of `in_order`.

    Args:
        base: statistics of the base model.
        tuned: statistics of the tuned model on the same rows; None: only the base is described.
        names: of metrics that need hidden states; others are not looked at.
        num_blocks: L.
        settings: switches of metrics (metrics.alpha and its like); empty: their defaults.
        reading: which tokens the statistics are of, and what becomes of their dimensions. A row without any
            of these tokens at a layer is left out there; a metric for which too few are left has no number.

    Raises:
        DataError: the two do not fit each other or the model, or there are too few samples for a metric.
    """
    stages = {"base": base} | ({"tuned": tuned} if tuned else {})
    metrics = [METRICS[name] for name in names_needing(names, "pooled", "next", "tokens", "pair", "views")]
    for stage, statistics in stages.items():
        _check_fits(stage, statistics, base, num_blocks, names)
    rows = _measured(metrics, stages, num_blocks, settings, reading.standardised)
    _warn_of_few(rows, reading, len(base.pooled[0]))
    return in_order(rows, names)


def in_order(rows: Sequence[LayerRow], names: Sequence[str]) -> list[LayerRow]:
    """Rows by metric in the given order (kinds of one metric as they come), then stage, then layer."""
    series = {metric: place for place, metric in enumerate(dict.fromkeys(row.metric for row in rows))}

    def key(row: LayerRow) -> tuple[int, int, int, int]:
        whole = row.metric.split("/")[0]
        return names.index(whole), series[row.metric], STAGES.index(row.stage), row.layer

    return sorted(rows, key=key)


def _measured(
    metrics: Sequence[Metric],
    stages: dict[str, LayerStatistics],
    num_blocks: int,
    settings: Mapping[str, Any],
    standardise: bool,
) -> list[LayerRow]:
    """Layer by layer: the metrics of one share its spectra, which are gone before the next."""

    def of_layer(layer: int) -> list[LayerRow]:
        pooled = {stage: statistics.pooled[layer] for stage, statistics in stages.items()}
        there = ~pooled["base"].isnan().any(dim=1)
        pooled = {stage: vectors[there] for stage, vectors in pooled.items()}
        if standardise:
            pooled = {stage: standardised(vectors, pooled["base"]) for stage, vectors in pooled.items()}
        rows = {stage: Rows(vectors) for stage, vectors in pooled.items()}
        return [
            measured_row(stage, layer, num_blocks, metric.name, value, interval, n)
            for metric in metrics
            for stage, samples in _samples(metric, layer, stages, rows, there)
            for value, interval, n in [_number(metric, samples, settings, bool(there.all()))]
        ]

    num_layers, num_samples, width = stages["base"].pooled.shape
    if num_samples > width:  # several layers at a time would cost memory that grows with the samples
        return [row for layer in range(num_layers) for row in of_layer(layer)]
    return [row for rows in parallel_map(of_layer, range(num_layers)) for row in rows]


def _samples(
    metric: Metric, layer: int, stages: dict[str, LayerStatistics], rows: dict[str, Rows], there: Tensor
) -> list[tuple[str, list[Tensor] | list[Rows]]]:
    """Each stage that the metric describes, with what the metric needs of it."""
    if metric.needs == "pair":
        return [("change", [rows["base"], rows["tuned"]])] if "tuned" in rows else []
    if metric.needs == "next":
        behind = layer + 1 < len(stages["base"].pooled)
        return [(s, [rows[s], Rows(one.pooled[layer + 1])]) for s, one in stages.items()] if behind else []
    if metric.needs == "pooled":
        return [(stage, [one]) for stage, one in rows.items()]
    if metric.needs == "tokens":
        return [(stage, [_told(one.tokens[metric.name][layer], there)]) for stage, one in stages.items()]
    return [(stage, [_told(one.views_at(layer), there)]) for stage, one in stages.items()]


def _told(values: Tensor, there: Tensor) -> Tensor:
    """Values of samples, without those that lost tokens and with them their number."""
    if there.all():
        return values
    return values[~values.flatten(1).isnan().any(dim=1)] if values.dim() > 1 else values[~values.isnan()]


def _number(
    metric: Metric, samples: list[Tensor] | list[Rows], settings: Mapping[str, Any], complete: bool
) -> MetricValue:
    if not complete and len(samples[0]) < metric.min_samples:
        return MetricValue(math.nan, NO_INTERVAL, len(samples[0]))
    return measure(metric, samples, settings)


def _warn_of_few(rows: Sequence[LayerRow], reading: Reading, num_samples: int) -> None:
    """A line for each metric that has no number at a layer because too few rows are left there."""
    for name in dict.fromkeys(row.metric for row in rows):
        least = METRICS[name].min_samples
        left = [(row.n, row.layer) for row in rows if row.metric == name and row.n is not None]
        fewest, layer = min(left, default=(least, 0))
        if fewest < least <= num_samples:
            given = f"given {fewest} rows with tokens (probe.tokens={reading.tokens})"
            _LOG.warning("metric %s: layer %d: %s; needed: at least %d", name, layer, given, least)


def measured_row(
    stage: str, layer: int, num_blocks: int, metric: str, value: float, interval: Interval, n: int | None
) -> LayerRow:
    """A row of numbers that may be NaN where they are not defined."""
    stderr, low, high = map(_known, interval)
    return LayerRow(stage, layer, layer / num_blocks, metric, _known(value), stderr, n, low, high)


def _known(number: float) -> float | None:
    return number if math.isfinite(number) else None


def _check_fits(
    stage: str,
    statistics: LayerStatistics,
    base: LayerStatistics,
    num_blocks: int,
    names: Sequence[str],
) -> None:
    given, needed = tuple(statistics.pooled.shape), (num_blocks + 1, *base.pooled.shape[1:])
    if given[2] != needed[2] and (alike := alike_only(names)):
        raise DataError(f"metric {alike[0]}: given widths {needed[2]} and {given[2]}; needed: one width")
    if given[:2] != needed[:2]:
        raise DataError(f"layer statistics ({stage}): given layers, samples, width {given}; needed: {needed}")
    statistics.check_covers(names)
    for name in names_needing(names, "tokens"):
        given, needed = tuple(statistics.tokens[name].shape), tuple(base.tokens[name].shape)
        if given != needed:
            raise DataError(
                f"layer statistics ({stage}): {name} of layers, samples {given}; needed: {needed}"
            )
