"""Means over seeds, with Student's t interval: five seeds are few, and a normal interval would be too short.

A table has a row a run and number: the columns that `by` names, `seed`, and `value`.
"""

import numpy
import pandas
from pandas import DataFrame, Series
from scipy.stats import ttest_ind

from src.statistics.bounded import share_ends
from src.statistics.fieller import ROUNDING
from src.statistics.student import LEVEL, t_reach, two_sided


def over_seeds(table: DataFrame, by: list[str]) -> DataFrame:
    """Per group: num_seeds, value (the mean), sd, ci_low, ci_high (95 % t interval), pvalue (of a mean of 0).

    Interval and p-value are missing for one seed.

    Several values of a seed are averaged first, so that the interval is about new seeds and the same cells.
    A seed that lacks a cell which another seed of the group has is left out: its mean is of other things.
    """
    per_seed = seed_means(table, by)
    grouped = per_seed.groupby(by, dropna=False, sort=False)["value"]
    found = DataFrame(grouped.agg(num_seeds="count", value="mean", sd="std"))
    return t_interval(found).reset_index()


def seed_means(table: DataFrame, by: list[str]) -> DataFrame:
    """One value a group and seed: the mean of the group's values, for seeds that have all of them."""
    known = table.dropna(subset=["value"])
    grouped = known.groupby([*by, "seed"], dropna=False, sort=False)["value"]
    found = grouped.agg(value="mean", cells="count").reset_index()
    most = found.groupby(by, dropna=False, sort=False)["cells"].transform("max")
    return found[found["cells"] == most].reset_index(drop=True)


def t_interval(found: DataFrame) -> DataFrame:
    """The table with ci_low and ci_high, mean -+ t sd / sqrt(n) with n - 1 degrees of freedom, and pvalue.

    Missing where all values agree: an interval without length would call certain what was never seen to vary.
    """
    counts = found["num_seeds"].to_numpy(dtype=float)
    freedom = numpy.where(counts > 1, counts - 1, numpy.nan)
    varies = found["sd"] > ROUNDING * found["value"].abs()
    stderr = found["sd"].where(varies) / numpy.sqrt(counts)
    reach, pvalue = t_reach(stderr, freedom), two_sided(found["value"], stderr, freedom)
    return found.assign(ci_low=found["value"] - reach, ci_high=found["value"] + reach, pvalue=pvalue)


def shares_within(found: DataFrame, shares: Series) -> DataFrame:
    """The table with the intervals of the rows that are `shares` on the scale of the logit: from 0 to 1."""
    reach = (found["value"] - found["ci_low"]).to_numpy(dtype=float)
    ends = share_ends(found["value"].to_numpy(dtype=float), reach)
    for name, side in zip(("ci_low", "ci_high"), ends, strict=True):
        inside = Series(side, found.index).fillna(found[name].clip(0, 1))
        found = found.assign(**{name: found[name].mask(shares, inside)})
    return found


def amounts_within(found: DataFrame) -> DataFrame:
    """The table with intervals of amounts that end at 0."""
    return found.assign(ci_low=found["ci_low"].mask(found["ci_low"] < 0, found["value"].clip(upper=0)))


def paired(table: DataFrame, by: list[str], on: str, first: str, second: str) -> DataFrame:
    """One row a group and seed that both sides have: `first`, `second` and value = first - second.

    Args:
        table: the runs of both sides.
        by: what is equal on both sides.
        on: the column in which the sides differ.
        first: its entry on one side.
        second: and on the other.
    """
    keys = [*by, "seed"]
    one, other = (
        seed_means(table[table[on] == side], by)[[*keys, "value"]].rename(columns={"value": side})
        for side in (first, second)
    )
    both = one.merge(other, on=keys)
    return both.assign(value=both[first] - both[second])


def difference(table: DataFrame, by: list[str], on: str, first: str, second: str) -> DataFrame:
    """`over_seeds` of first - second, paired by seed."""
    return over_seeds(paired(table, by, on, first, second), by)


def difference_over_models(table: DataFrame, by: list[str], on: str, first: str, second: str) -> DataFrame:
    """What difference new models would show: Welch's interval of the models' means over seeds.

    Columns value (of first - second), ci_low, ci_high, pvalue, num_first, num_second (models); interval and
    p-value are missing below two models a side, and where the models of both sides agree.
    """
    sides = table[table[on].isin([first, second])]
    grouped = seed_means(sides, [*by, on, "model"]).groupby([*by, on, "model"], dropna=False, sort=False)
    cells = grouped["value"].mean().reset_index()
    rows = []
    for key, group in cells.groupby(by, dropna=False, sort=False):
        one, other = (group.loc[group[on] == side, "value"].to_numpy() for side in (first, second))
        if len(one) and len(other):
            rows.append([*key, *_welch(one, other), len(one), len(other)])
    return pandas.DataFrame(
        rows, columns=[*by, "value", "ci_low", "ci_high", "pvalue", "num_first", "num_second"]
    )


def _welch(one: numpy.ndarray, other: numpy.ndarray) -> tuple[float, float, float, float]:
    mean = float(one.mean() - other.mean())
    unknown = (mean, numpy.nan, numpy.nan, numpy.nan)
    if min(len(one), len(other)) < 2:
        return unknown
    variance = sum(side.var(ddof=1) / len(side) for side in (one, other))
    if variance <= (ROUNDING * max(abs(one.mean()), abs(other.mean()))) ** 2:
        return unknown  # models that agree tell nothing of others, as in `t_interval`
    test = ttest_ind(one, other, equal_var=False)
    found = test.confidence_interval(1 - LEVEL)
    return mean, float(found.low), float(found.high), float(test.pvalue)
