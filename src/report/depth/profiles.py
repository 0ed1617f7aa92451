"""Change by depth: of each cell, and of all models of a kind on one scale."""

import numpy
from pandas import DataFrame

from src.report.depth.seeds import over_seeds
from src.report.depth.settings import CELL

GRID = numpy.linspace(0, 1, 21)
"""Relative depths at which profiles of models with unlike numbers of blocks are compared."""


def cell_profiles(layers: DataFrame) -> DataFrame:
    """Mean change and its 95 % t interval over seeds at every layer of every cell and control."""
    return over_seeds(layers, [*CELL, "control", "metric", "layer", "depth"])


def kind_profiles(layers: DataFrame, by: list[str]) -> DataFrame:
    """Per group and depth: change over the run's mean change, averaged over cells, interval over seeds.

    1 is the mean of a run's profile, so models of unlike amounts of change count alike. The interval is
    about new seeds of these models, not about new models. Profiles are read between layers by straight
    lines; depths outside a profile (0 for the weights of blocks) are missing.

    Args:
        layers: the layers of `gather`.
        by: such as metric, kind, control.
    """
    keys = list(dict.fromkeys([*by, "metric", "model", "objective", "seed", "run"]))
    found = [
        (key, numpy.interp(GRID, one["depth"], one["value"] / level, left=numpy.nan))
        for key, one in layers.groupby(keys, dropna=False, sort=False)
        if (level := one["value"].mean(skipna=False)) > 0
    ]
    index = [(*key, depth) for key, _ in found for depth in GRID]
    values = numpy.concatenate([values for _, values in found]) if found else []
    table = DataFrame(index, columns=[*keys, "depth"]).assign(value=values)
    return over_seeds(table, [*by, "depth"])
