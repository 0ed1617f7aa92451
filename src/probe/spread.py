"""Several tables of the same layers on other rows, as one."""

import statistics
from collections.abc import Sequence

from src.probe.table import LayerRow


def spread_over_seeds(tables: Sequence[Sequence[LayerRow]]) -> list[LayerRow]:
    """One table: the mean over seeds, with the standard deviation over seeds as its error.

    Each seed stands for another draw of the probe rows. A number that one seed lacks is missing. n is the
    number of rows of all seeds together. A row that only the first table has (of weights, of training rows)
    stays as it is; so does a table that is alone.
    """
    found: dict[tuple[str, int, str], list[LayerRow]] = {}
    for row in (row for table in tables for row in table):
        found.setdefault((row.stage, row.layer, row.metric), []).append(row)
    return [_merged(rows) if len(rows) > 1 else rows[0] for rows in found.values()]


def _merged(rows: Sequence[LayerRow]) -> LayerRow:
    first, values = rows[0], [row.value for row in rows]
    known = None not in values
    counts = [row.n for row in rows]
    return LayerRow(
        first.stage,
        first.layer,
        first.depth,
        first.metric,
        value=statistics.fmean(values) if known else None,
        stderr=statistics.stdev(values) if known else None,
        n=None if None in counts else sum(counts),
    )
