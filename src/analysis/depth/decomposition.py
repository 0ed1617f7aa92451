"""The part of a slope that equal steps remove, and the part that stays."""

from functools import reduce

import numpy
from pandas import DataFrame, Series

from src.analysis.depth.seed_means import over_seeds, paired, seed_means
from src.statistics.fieller import ratio_of_means
from src.statistics.student import two_sided

STANDARD, EQUAL_STEP = "none", "equal_step"


def decompose(table: DataFrame, by: list[str]) -> DataFrame:
    """Per group: the mean slope of both controls, what the control removes, and the shares of either part.

    removed = standard - equal_step, paired by seed; share_removed = removed / standard and share_kept =
    1 - share_removed, both with Fieller's interval, missing where the standard slope cannot be told from 0.
    A share above 1 means that the slope turned round, one below 0 that it became steeper. Every mean has a
    95 % t interval over n seeds. equal_step_p and share_kept_p: the least level at which the interval leaves
    out 0, and at which that of the share kept lies below one half (1 where it lies above). A group is of the
    cells that were run under both controls.

    Args:
        table: one slope a run in `value`, with the columns `control`, `model`, `objective`, `seed`.
        by: the columns of a group: those of a cell, or fewer, and then the mean over its cells is split.
    """
    cells = paired(table, list(dict.fromkeys([*by, "model", "objective"])), "control", STANDARD, EQUAL_STEP)
    sides = {"standard": STANDARD, "equal_step": EQUAL_STEP, "removed": "value"}
    parts = []
    for name, column in sides.items():
        side = over_seeds(cells.assign(value=cells[column]), by).drop(columns="sd")
        ends = {"ci_low": f"{name}_low", "ci_high": f"{name}_high", "pvalue": f"{name}_p"}
        parts.append(side.rename(columns={"value": name, **ends}))
    found = reduce(lambda left, right: left.merge(right, on=[*by, "num_seeds"]), parts)
    return found.merge(_shares(cells, by), on=by)


def _shares(cells: DataFrame, by: list[str]) -> DataFrame:
    removed, whole = (seed_means(cells.assign(value=cells[name]), by) for name in ("value", STANDARD))
    means, rows = removed.merge(whole, on=[*by, "seed"], suffixes=("", "_whole")), []
    for key, group in means.groupby(by, dropna=False, sort=False):
        ratio = ratio_of_means(group["value"], group["value_whole"])
        kept = numpy.subtract(1, [ratio.value, ratio.high, ratio.low])
        rows.append([*key, *ratio[:3], *kept, _below_half(group["value"], group["value_whole"])])
    names = [f"share_{part}{end}" for part in ("removed", "kept") for end in ("", "_low", "_high")]
    counts = cells.drop_duplicates([*by, "model", "objective"]).groupby(by, dropna=False, sort=False).size()
    return (
        counts.rename("num_cells")
        .reset_index()
        .merge(DataFrame(rows, columns=[*by, *names, "share_kept_p"]), on=by)
    )


def _below_half(removed: Series, whole: Series) -> float:
    """The least level at which Fieller's interval of 1 - removed / whole is bounded and below one half."""
    n = len(removed)
    if n < 2:
        return numpy.nan
    slope, gap = (
        (float(one.mean()), float(two_sided(one.mean(), one.std() / n**0.5, n - 1)))
        for one in (whole, whole / 2 - removed)
    )
    return max(slope[1], gap[1] if gap[0] * slope[0] < 0 else 1.0)
