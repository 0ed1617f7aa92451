"""Sequential against parallel blocks, large against small models, under each control."""

import pandas
from pandas import DataFrame

from src.analysis.depth.decomposition import EQUAL_STEP, STANDARD
from src.analysis.depth.seed_means import difference, difference_over_models, paired
from src.analysis.depth.settings import CELL, TRANSFORMERS

OVER_MODELS = {"ci_low": "models_low", "ci_high": "models_high", "pvalue": "models_pvalue"}
SIDES = {"wiring": ("sequential", "parallel", "size"), "size": ("large", "small", "wiring")}
"""Per contrast: the two sides, first - second, and what is equal on both."""


def wiring_and_size(numbers: DataFrame) -> DataFrame:
    """First - second side, per metric, quantity, objective, what is equal on both sides, and control.

    Only transformers, and only cells that ran under both controls, so that every row of a contrast is about
    the same cells. Rows with control `removed` are of standard - equal_step: how much more the control takes
    from the first side. ci_low, ci_high: 95 % over new seeds of these models, paired by seed; models_low,
    models_high: over new models (Welch), missing below two models a side.
    """
    both = paired(numbers, [*CELL, "metric", "quantity"], "control", STANDARD, EQUAL_STEP)
    both = both[both["kind"].isin(TRANSFORMERS)]
    columns = {STANDARD: STANDARD, EQUAL_STEP: EQUAL_STEP, "removed": "value"}
    rows = []
    for name, (first, second, same) in SIDES.items():
        by = ["metric", "quantity", "objective", "method", "arm", same]
        for control, column in columns.items():
            side = both.assign(value=both[column])
            seeds = difference(side, by, name, first, second)
            models = difference_over_models(side, by, name, first, second)
            models = models.rename(columns=OVER_MODELS)
            found = seeds.merge(models.drop(columns="value"), on=by).rename(columns={same: "at"})
            rows.append(found.assign(contrast=f"{first} - {second}", control=control))
    order = ["contrast", "at", "objective", "method", "arm", "control", "metric", "quantity"]
    found = pandas.concat(rows, ignore_index=True)
    return found[[*order, *(column for column in found if column not in order)]]
