"""How many slopes are positive."""

from pandas import DataFrame
from scipy.stats import binomtest

from src.analysis.depth.seed_means import over_seeds


def count_positive(table: DataFrame, by: list[str], cell: list[str]) -> DataFrame:
    """Per group: num_positive among num_units, of runs and of cells, the share with its exact interval.

    A cell is positive where its mean over seeds is. The interval (Clopper-Pearson, 95 %) takes its units for
    independent: the seeds of a cell are not, so the row of the cells is the more careful one. A slope of
    exactly 0 is not positive; a missing one is not counted.

    Args:
        table: one slope a run in `value`.
        by: the columns of a group.
        cell: the columns that the seeds of a cell share.
    """
    runs = table.dropna(subset=["value"])
    cells = over_seeds(runs, [*by, *cell])
    rows = []
    for unit, values in (("runs", runs), ("cells", cells)):
        for key, group in values.groupby(by, dropna=False, sort=False):
            names = dict(zip(by, key, strict=True))
            rows.append(names | {"unit": unit} | share(int((group["value"] > 0).sum()), len(group)))
    return DataFrame(rows)


def share(positive: int, n: int) -> dict[str, float | int]:
    """The share of positive ones with the exact 95 % interval of Clopper and Pearson."""
    found = binomtest(positive, n).proportion_ci(0.95, "exact")
    return {
        "num_positive": positive,
        "num_units": n,
        "share": positive / n,
        "ci_low": found.low,
        "ci_high": found.high,
    }
