"""Shares of variance between groups, models, cells and seeds, by a nested mixed model."""

import math

import numpy
from pandas import DataFrame
from scipy.optimize import minimize

_STARTS = ((1, 1, 1, 1), (9, 1, 1, 1), (1, 9, 1, 1), (1, 1, 9, 1), (1, 1, 1, 9))
"""Of the four variances: the likelihood may have several maxima where few groups tell them apart."""
_DIGITS = 4
"""Of a share, as far as the fit settles on every processor."""


def variance_components(table: DataFrame, group: str) -> dict[str, float]:
    """Shares of variance between groups, models of a group, cells of a model, and seeds; they add to 1.

    A linear mixed model: value ~ 1, random intercepts for the group, for the model inside it and for the cell
    (model and objective) inside that; of several starts, the variances of at least 0 with the largest
    restricted likelihood. Missing where two of them cannot be told apart (no group has two models, no model
    two objectives, no cell two seeds), or where nothing differs.

    Source: Patterson and Thompson 1971. Seeds of a cell are alike, so their mean and the scatter around it
    say all: the matrices are of cells and not of runs.
    """
    names = (group, "model", "cell", "seed")
    known = table.dropna(subset=["value"])
    unit, model = known[group].astype(str), known["model"].astype(str)
    cell = model + " " + known["objective"].astype(str)
    counts = [one.nunique() for one in (unit, model, cell)]
    told_apart = 1 < counts[0] < counts[1] < counts[2] < len(known)
    if not told_apart or not known["value"].std() > 0:
        return dict.fromkeys(names, math.nan)
    values = (known["value"] - known["value"].mean()) / known["value"].std()
    frame = DataFrame({"value": values, "unit": unit, "model": model, "cell": cell})
    found = Nested(frame).fit()
    return dict(zip(names, (round(float(part), _DIGITS) for part in found / found.sum()), strict=True))


class Nested:
    """The restricted likelihood of runs inside cells, models and units."""

    def __init__(self, frame: DataFrame) -> None:
        by_cell = frame.groupby("cell", sort=True)
        counts, self.means = by_cell.size().to_numpy(), by_cell["value"].mean().to_numpy()
        self.spare = len(frame) - len(counts)
        self.within = float((by_cell["value"].var() * (counts - 1)).sum())
        above = [by_cell[name].first().to_numpy() for name in ("unit", "model")]
        alike = [(one[:, None] == one).astype(float) for one in above]
        self.parts = [*alike, numpy.eye(len(counts)), numpy.diag(1 / counts)]

    def fit(self) -> numpy.ndarray:
        """Variances of unit, model, cell and seed."""
        bounds = [(0.0, None)] * 3 + [(1e-9, None)]
        best = [
            minimize(self.loss, numpy.array(start) / sum(start), jac=True, bounds=bounds, method="L-BFGS-B",
                     options={"maxiter": 500, "ftol": 1e-15, "gtol": 1e-9})
            for start in _STARTS
        ]  # fmt: skip
        found: numpy.ndarray = min(best, key=lambda one: one.fun).x
        return found

    def loss(self, variances: numpy.ndarray) -> tuple[float, numpy.ndarray]:
        """-2 x the restricted log-likelihood without its constant, and its gradient."""
        covariance = sum(size * part for size, part in zip(variances, self.parts, strict=True))
        inverse = numpy.linalg.inv(covariance)
        ones = inverse.sum(1)
        projection = inverse - numpy.outer(ones, ones) / ones.sum()
        residual = projection @ self.means
        seeds = variances[3]
        value = numpy.linalg.slogdet(covariance)[1] + math.log(ones.sum()) + self.means @ residual
        slope = [(projection * part).sum() - residual @ part @ residual for part in self.parts]
        slope[3] += self.spare / seeds - self.within / seeds**2
        return value + self.spare * math.log(seeds) + self.within / seeds, numpy.array(slope)
