"""The published features of depth, each as one number of a run, by reading of the states; beyond a null.

Layers 1..L-1, as the published code has no layer L. A feature is there where its 95 % interval over seeds
lies on the published side of a bound.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy

from src.analysis.depth.groups import Draw, Group, groups
from src.analysis.material import Material
from src.analysis.runs import Run, Series
from src.statistics.fieller import ROUNDING
from src.statistics.student import mean_interval

Profiles = dict[tuple[str, str], Series]


@dataclass(frozen=True)
class Feature:
    """One published feature."""

    name: str
    number: Callable[[Profiles], float]
    """NaN where a profile that it needs is missing or constant."""
    bound: float
    above: bool = True
    """Whether the published side lies above the bound."""
    correlation: bool = False
    """Its mean and interval are those of Fisher's z."""


def feature_rows(material: Material) -> list[dict[str, Any]]:
    """A row for each group, feature, reading and side: trained, push (its null), and the one less the other.

    Trained and null are paired by their seeds. Only readings that both have are told.
    """
    rows: list[dict[str, Any]] = []
    for group, null in material.get(groups):
        for reading in [name for name in group.readings if null is None or name in null.readings]:
            for feature in FEATURES:
                sides = {"trained": _numbers(group, feature, reading)}
                if null is not None:
                    sides["push"] = _numbers(null, feature, reading)
                    both = [draw for draw in sides["trained"] if draw in sides["push"]]
                    sides["excess"] = {d: sides["trained"][d] - sides["push"][d] for d in both}
                rows += [_row(group, feature, reading, name, found) for name, found in sides.items()]
    return rows


def several_readings(material: Material) -> bool:
    """Whether some group has more than one reading of its states."""
    return any(len(group.readings) > 1 for group, _ in material.get(groups))


def _numbers(group: Group, feature: Feature, reading: str) -> dict[Draw, float]:
    found = {draw: feature.number(without_last(run, reading)) for draw, run in group.runs.items()}
    return {draw: value for draw, value in sorted(found.items()) if math.isfinite(value)}


def without_last(run: Run, reading: str) -> Profiles:
    """The profiles of a reading by metric and stage, of layers 1..L-1."""
    profiles = run.series_of(reading)
    return {key: Series(*(side[one.depth < 1 - 1e-9] for side in one)) for key, one in profiles.items()}


def _row(group: Group, feature: Feature, reading: str, side: str, found: dict[Draw, float]) -> dict[str, Any]:
    row: dict[str, Any] = {"label": group.model, "data": group.data, "others": group.others}
    row |= {"feature": feature.name, "reading": reading, "side": side, "num_seeds": len(found)}
    if not found:
        return row
    values = numpy.array([[value] for value in found.values()])
    into, back = (numpy.arctanh, numpy.tanh) if feature.correlation and side != "excess" else (_same, _same)
    value, low, high = (float(back(end)[0]) for end in mean_interval(into(values)))
    bound = feature.bound if side != "excess" else 0.0
    published, other = (low > bound, high < bound) if feature.above else (high < bound, low > bound)
    if high - low <= ROUNDING * abs(value):  # seeds that all agree: nothing was seen to vary
        published = other = False
    verdict = "there" if published else "against" if other else "undecided"
    return row | {"value": value, "ci_low": low, "ci_high": high, "verdict": verdict}


def _same(values: numpy.ndarray) -> numpy.ndarray:
    return values


def _mean(one: Series, start: float, stop: float) -> float:
    """Mean over the layers of relative depth in (start, stop]; NaN where there is none."""
    inside = (one.depth > start + 1e-9) & (one.depth <= stop + 1e-9)
    return float(one.value[inside].mean()) if inside.any() else math.nan


def _log_ratio(metric: str, first: tuple[float, float], second: tuple[float, float]) -> Callable[..., float]:
    def number(profiles: Profiles) -> float:
        one = profiles.get((metric, "change"))
        if one is None:
            return math.nan
        over, under = _mean(one, *first), _mean(one, *second)
        return math.log(over / under) if over > 0 and under > 0 else math.nan

    return number


def _fall(profiles: Profiles) -> float:
    one = profiles.get(("cka_debiased", "change"))
    return math.nan if one is None else _mean(one, 0, 0.6) - _mean(one, 0.8, 1)


def _rise(profiles: Profiles) -> float:
    one = profiles.get(("mean_shift", "change"))
    if one is None or len(one.depth) < 3 or not one.value.mean() > 0:
        return math.nan
    return float(numpy.polyfit(one.depth, one.value, 1)[0] / one.value.mean())


def _peak(profiles: Profiles) -> float:
    one = profiles.get(("effective_rank_paper", "tuned"))
    return math.nan if one is None else math.log(one.value.max() / one.value[-1])


def _norm(profiles: Profiles) -> float:
    one = profiles.get(("spectral_norm", "tuned"))
    return math.nan if one is None else math.log(one.value[-1] / float(numpy.median(one.value)))


def _correlation(profiles: Profiles) -> float:
    one, other = (profiles.get((name, "change")) for name in ("weight_change", "cosine_similarity"))
    if one is None or other is None:
        return math.nan
    _, first, second = numpy.intersect1d(one.layer, other.layer, return_indices=True)
    sides = one.value[first], other.value[second]
    if len(first) < 3 or any(numpy.ptp(side) <= 1e-6 * abs(side).max() for side in sides):
        return math.nan  # a push of equal sizes moves every block alike
    return float(numpy.corrcoef(*sides)[0, 1])


_EARLY, _MIDDLE, _LATE = (0.1, 0.4), (0.4, 0.8), (0.8, 1.0)
FEATURES = (
    Feature("dip", _log_ratio("procrustes_distance", _EARLY, _MIDDLE), 0.0),
    Feature("end", _log_ratio("procrustes_distance", _LATE, _MIDDLE), 0.0),
    Feature("fall", _fall, 0.0),
    Feature("rise", _rise, 0.0),
    Feature("peak", _peak, math.log(2)),
    Feature("norm", _norm, 0.0),
    Feature("r", _correlation, 0.0, above=False, correlation=True),
)
"""As sweeps/massive_activations.yaml defines them."""
