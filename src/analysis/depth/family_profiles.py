"""Change by depth of all models of a family, on one scale."""

import numpy
import pandas
from pandas import DataFrame

from src.analysis.depth.decomposition import EQUAL_STEP, STANDARD
from src.analysis.depth.seed_means import amounts_within, over_seeds
from src.analysis.depth.settings import CELL

GRID = numpy.linspace(0, 1, 21)
"""Relative depths at which profiles of models with unlike numbers of blocks are compared."""
ALL, BOTH = "all", "under both controls"


def family_profiles(layers: DataFrame) -> DataFrame:
    """Profiles by metric, family and control: over all cells, and over those that ran under both controls.

    The column `cells` tells which, num_cells how many. Controls are compared over the latter only: over all,
    the standard profile is of other models and objectives than the equal-step one.
    """
    by, rows = ["metric", "family", "control"], []
    for which, some in ((ALL, layers), (BOTH, under_both(layers))):
        cells = some.drop_duplicates([*by, *CELL]).groupby(by, sort=False).size()
        counted = cells.rename("num_cells").reset_index()
        rows.append(profiles(some, by).merge(counted, on=by).assign(cells=which))
    return pandas.concat(rows, ignore_index=True)


def under_both(layers: DataFrame) -> DataFrame:
    """The layers of cells and seeds that ran with and without equal steps."""
    sides = layers[layers["control"].isin((STANDARD, EQUAL_STEP))]
    counts = sides.groupby([*CELL, "seed", "metric"], dropna=False)["control"].transform("nunique")
    return sides[counts == 2]


def profiles(layers: DataFrame, by: list[str]) -> DataFrame:
    """Per group and depth: change over the run's mean change, averaged over cells, interval over seeds.

    1 is the mean of a run's profile, so models of unlike amounts of change count alike. The interval is
    about new seeds of these models, not about new models. Profiles are read between layers by straight
    lines; depths outside a profile (0 for the weights of blocks) are missing.

    Args:
        layers: the layers of `gather`.
        by: such as metric, family, control.
    """
    keys = list(dict.fromkeys([*by, "metric", "model", "objective", "seed", "run"]))
    found = [
        (key, numpy.interp(GRID, one["depth"], one["value"] / level, left=numpy.nan))
        for key, one in layers.groupby(keys, dropna=False, sort=False)
        if (level := one["value"].mean(skipna=False)) > 0
    ]
    index = [(*key, depth) for key, _ in found for depth in GRID]
    values = numpy.concatenate([values for _, values in found]) if found else numpy.zeros(0)
    table = DataFrame(index, columns=[*keys, "depth"]).assign(value=values)
    return amounts_within(over_seeds(table, [*by, "depth"]))
