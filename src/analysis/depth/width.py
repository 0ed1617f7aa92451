"""How much of the differences in width (or in anything else) is a matter of architecture."""

import math
from typing import NamedTuple

import numpy
import pandas
from pandas import DataFrame
from scipy.special import ncfdtrinc

from src.analysis.depth.seed_means import over_seeds


class Explained(NamedTuple):
    """Share of variance that groups explain."""

    eta_squared: float
    """Between over total sum of squares, 0 to 1; too high by chance when groups are many."""
    ci_low: float
    ci_high: float
    """95 %, by inverting the noncentral F distribution (Steiger 2004): of noncentrality / (it + n)."""
    omega_squared: float
    """The share without the part that chance alone explains; may be below 0."""
    num_groups: int
    num_models: int


def explained(values: numpy.ndarray, groups: numpy.ndarray) -> Explained:
    """One-way analysis of variance; missing (NaN) without two groups, spare values, or any variation."""
    _, labels = numpy.unique(groups.astype(str), return_inverse=True)
    n, num_groups = len(values), int(labels.max(initial=-1)) + 1
    missing = Explained(math.nan, math.nan, math.nan, math.nan, num_groups, n)
    if num_groups < 2 or n <= num_groups:
        return missing
    means = numpy.bincount(labels, values) / numpy.bincount(labels)
    within = float(((values - means[labels]) ** 2).sum())
    total = float(((values - values.mean()) ** 2).sum())
    if total <= 0:
        return missing
    between = max(total - within, 0.0)
    first, second = num_groups - 1, n - num_groups
    noise = within / second
    omega = (between - first * noise) / (total + noise)
    low, high = _interval(between / first / noise, first, second) if noise > 0 else (1.0, 1.0)
    return Explained(between / total, low, high, omega, num_groups, n)


def _interval(statistic: float, first: int, second: int) -> tuple[float, float]:
    ends = [float(ncfdtrinc(first, second, level, statistic)) for level in (0.975, 0.025)]
    ends = [end if math.isfinite(end) and end > 1e-6 else 0.0 for end in ends]  # no root: 0 is the end
    n = first + second + 1
    low, high = (end / (end + n) for end in ends)
    return low, high


def width_shares(table: DataFrame, by: list[str], groups: list[str]) -> DataFrame:
    """Per metric and the like: the share of variance that each column of `groups` explains by itself.

    The units are models (mean over objectives and seeds): the groups are traits of models, so that running a
    model at more objectives or seeds adds nothing. Models of unlike objectives are compared as they are.

    Args:
        table: one width a run in `value`, with columns `model`, `objective`, `seed` and those named here.
        by: what is analysed apart.
        groups: traits of models, such as architecture, kind, wiring.
    """
    models = over_seeds(table, [*by, *groups, "model"])
    rows = []
    for key, one in models.groupby(by, dropna=False, sort=False):
        for name in groups:
            found = explained(one["value"].to_numpy(), one[name].to_numpy())
            rows.append([*key, name, *found])
    return pandas.DataFrame(rows, columns=[*by, "explained_by", *Explained._fields])
