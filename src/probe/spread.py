"""Several tables of the same layers on other rows, as one."""

import statistics
from collections.abc import Sequence

from src.probe.table import LayerRow


def spread_over_seeds(tables: Sequence[Sequence[LayerRow]]) -> list[LayerRow]:
    """One table: the mean over seeds, with the standard deviation over seeds as its error.

    Each seed stands for another draw of the probe rows. A number that one seed lacks is missing. n is the
    number of rows of all seeds together. With one table, that table as it is.
    """
    if len(tables) == 1:
        return list(tables[0])
    return [_merged(rows) for rows in zip(*tables, strict=True)]


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
