"""What a profile has beyond a random push: each number of a run less the number of its null.

A draw of the null is a seed, and stands beside the trained run of that seed. Both are drawn independently, so
each difference is one observation of the excess, and what is told of differences over seeds (Student's
interval, Fieller's) holds the scatter of the draws as well.
"""

import pandas
from pandas import DataFrame

from src.analysis.arms import NULLS

RELATIVE, INNER, ABSOLUTE = "relative_slope", "relative_slope_inner", "slope"
SLOPES = (RELATIVE, INNER, ABSOLUTE)
"""Those that do not grow with the amount of change first."""
AS_IT_IS = "as it is"
_NUMBER = ["metric", "quantity"]
SAME = ["model", "rows", "method", "arm", "seed", *_NUMBER]
"""What runs share whose null may be one and the same push."""


def with_null(numbers: DataFrame, pushes: DataFrame) -> DataFrame:
    """The numbers of the runs that have a null, which stands in the column `null`; no others.

    A push that took its sizes from a run is the null of this run, the mean over its draws. A push of equal
    sizes knows no objective and no control: it is the null of every run of its model, rows, method, band and
    seed.

    Args:
        numbers: of trained runs, as `gather` makes them.
        pushes: the same of the draws of one kind of null.
    """
    equal = pushes["source"].isna()
    matched = pushes[~equal]
    own = _mean(matched.assign(run=matched["source"]), ["run", *_NUMBER], "own")
    found = numbers.merge(own, on=["run", *_NUMBER], how="left")
    found = found.merge(_mean(pushes[equal], SAME, "shared"), on=SAME, how="left")
    found["null"] = found["own"].fillna(found["shared"])
    return found.drop(columns=["own", "shared"]).dropna(subset=["null"]).reset_index(drop=True)


def readings(numbers: DataFrame, pushes: DataFrame) -> dict[str, DataFrame]:
    """The numbers as they are, as each null has them, and beyond it; of nulls that were run."""
    found = {AS_IT_IS: numbers}
    for name in NULLS:
        beside = with_null(numbers, pushes[pushes["control"] == name])
        if len(beside):
            found[name] = beside.assign(value=beside["null"])
            found[excess_over(name)] = beside.assign(value=beside["value"] - beside["null"])
    return found


def excess_over(null: str) -> str:
    """What the excess over a null is called, in every table."""
    return f"excess over {null}"


def _mean(pushes: DataFrame, by: list[str], name: str) -> DataFrame:
    known = pushes.dropna(subset=["value"])
    if known.empty:  # an empty group has columns without types, which a merge refuses
        return pandas.DataFrame({key: pushes[key].iloc[:0] for key in by} | {name: pushes["value"].iloc[:0]})
    return known.groupby(by, dropna=False, sort=False)["value"].mean().rename(name).reset_index()
