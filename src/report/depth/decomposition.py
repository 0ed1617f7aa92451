"""The part of a slope that equal steps remove, and the part that stays."""

import numpy
from pandas import DataFrame

from src.report.depth.seeds import over_seeds, paired
from src.statistics.fieller import ratio_of_means

STANDARD, EQUAL_STEP = "none", "equal_step"


def decompose(table: DataFrame, by: list[str]) -> DataFrame:
    """Per group: the mean slope of both controls, what the control removes, and the shares of either part.

    removed = standard - equal_step, paired by seed; share_removed = removed / standard and share_kept =
    1 - share_removed, both with Fieller's interval, missing where the standard slope cannot be told from 0.
    A share above 1 means that the slope turned round, one below 0 that it became steeper. Every mean has a
    95 % t interval over n seeds. A group is of the cells that were run under both controls.

    Args:
        table: one slope a run in `value`, with the columns `control`, `model`, `objective`, `seed`.
        by: the columns of a group: those of a cell, or fewer, and then the mean over its cells is split.
    """
    cells = paired(table, list(dict.fromkeys([*by, "model", "objective"])), "control", STANDARD, EQUAL_STEP)
    sides = {"standard": STANDARD, "equal_step": EQUAL_STEP, "removed": "value"}
    found = None
    for name, column in sides.items():
        side = over_seeds(cells.assign(value=cells[column]), by).drop(columns="sd")
        side = side.rename(columns={"mean": name, "low": f"{name}_low", "high": f"{name}_high"})
        found = side if found is None else found.merge(side, on=[*by, "n"])
    return found.merge(_shares(cells, by), on=by)


def _shares(cells: DataFrame, by: list[str]) -> DataFrame:
    rows = []
    # Sorted by nothing: groupby keeps the seeds of a group in one order for both sides.
    for key, group in cells.groupby(by, dropna=False, sort=False):
        seeds = group.groupby("seed")[["value", STANDARD]].agg(["mean", "count"])
        complete = seeds[("value", "count")] == seeds[("value", "count")].max()
        means = seeds[complete].xs("mean", axis=1, level=1)
        ratio = ratio_of_means(means["value"], means[STANDARD])
        kept = numpy.subtract(1, [ratio.value, ratio.high, ratio.low])
        rows.append([*key, len(group[["model", "objective"]].drop_duplicates()), *ratio[:3], *kept])
    names = [f"share_{part}{end}" for part in ("removed", "kept") for end in ("", "_low", "_high")]
    return DataFrame(rows, columns=[*by, "num_cells", *names])
