"""Several tables of the same layers on other rows, as one."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import replace

from src.metrics.uncertainty.interval import t_interval
from src.probe.table.layer_table import LayerRow
from src.statistics.complete import complete


def spread_over_seeds(tables: Sequence[Sequence[LayerRow]]) -> list[LayerRow]:
    """One table: the mean over seeds, with the standard deviation over seeds as its error.

    The 95 % interval is that of the mean over k seeds: mean +- t * sd / sqrt(k), k - 1 degrees of freedom.
    Each seed stands for another draw of the probe rows. A number that one seed lacks is missing. n is the
    number of rows of all seeds together. A row that only the first table has (of weights, of training rows)
    stays as it is; so does a table that is alone.
    """
    found: dict[tuple[str, int, str], list[LayerRow]] = {}
    for row in (row for table in tables for row in table):
        found.setdefault((row.stage, row.layer, row.metric), []).append(row)
    return [_merged(rows) if len(rows) > 1 else rows[0] for rows in found.values()]


def _merged(rows: Sequence[LayerRow]) -> LayerRow:
    values, counts = complete(row.value for row in rows), complete(row.n for row in rows)
    n = None if counts is None else sum(counts)
    merged = replace(rows[0], value=None, stderr=None, low=None, high=None, n=n)
    if values is None:
        return merged
    mean, spread = statistics.fmean(values), statistics.stdev(values)
    _, low, high = t_interval(mean, spread / math.sqrt(len(values)), len(values) - 1)
    return replace(merged, value=mean, stderr=spread, low=low, high=high)
