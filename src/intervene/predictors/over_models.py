"""One correlation a model, then its mean over models: no assumption on how alike neighbouring blocks are."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy
from numpy import ndarray

from src.intervene.causal.predictors import Prediction
from src.statistics.holm import holm
from src.statistics.seeds import over_seeds

MIN_MODELS = 6
"""Independent pairs of models below which a mean over them is not told: methods.md, section 8."""


@dataclass(frozen=True)
class Witness:
    """What one model says: the mean over its seeds on both sides of every correlation."""

    model: str
    num_blocks: int
    predictions: Sequence[Prediction]
    summaries: Mapping[str, float]
    """Of the profile itself, by name."""


class Agreement(NamedTuple):
    """One predictor against one target over models."""

    predictor: str
    target: str
    rho: float
    """Mean of Spearman's rho on Fisher's scale, carried back."""
    low: float
    high: float
    p_holm: float
    """Of rho 0, corrected over all predictors of one target."""
    spread: float
    """Standard deviation of rho between models."""
    partial: float
    """The same mean of what depth and its square leave."""
    partial_low: float
    partial_high: float
    regret: float
    regret_low: float
    regret_high: float
    num_models: int


class Placed(NamedTuple):
    """One summary of the profile over models."""

    name: str
    value: float
    low: float
    high: float
    num_models: int


def agreements(found: Sequence[Witness]) -> list[Agreement]:
    """Every predictor that at least `MIN_MODELS` models have, against every target.

    The unit is a model: t over atanh(rho), so its interval holds how much models differ (random effects), and
    blocks that are like their neighbours make it no shorter.
    """
    names = dict.fromkeys((one.target, one.predictor) for each in found for one in each.predictions)
    told = {name: _of(found, *name) for name in names}
    return [one for target in dict.fromkeys(target for target, _ in names)
            for one in _corrected([told[name] for name in names if name[0] == target])]  # fmt: skip


def placed(found: Sequence[Witness]) -> Iterator[Placed]:
    """Where the gain sits, over models."""
    for name in dict.fromkeys(name for one in found for name in one.summaries):
        values = [one.summaries[name] for one in found if math.isfinite(one.summaries.get(name, math.nan))]
        if len(values) >= MIN_MODELS:
            told = over_seeds(values)
            yield Placed(name, told.value, *told.interval(), len(values))


def _of(found: Sequence[Witness], target: str, predictor: str) -> tuple[Agreement, float] | None:
    mine = [
        (one, each.num_blocks)
        for each in found
        for one in each.predictions
        if (one.target, one.predictor) == (target, predictor) and math.isfinite(one.rho)
    ]
    if len(mine) < MIN_MODELS:
        return None
    rho, pvalue = _mean([one.rho for one, _ in mine], [n for _, n in mine])
    partial, _ = _mean([one.partial for one, _ in mine], [n for _, n in mine])
    lost = [one.regret for one, _ in mine if math.isfinite(one.regret)]
    regret = (math.nan,) * 3
    if len(lost) >= MIN_MODELS:
        told = over_seeds(lost)
        regret = (told.value, *told.interval())
    spread = float(numpy.std([one.rho for one, _ in mine], ddof=1))
    return Agreement(predictor, target, *rho, math.nan, spread, *partial, *regret, len(mine)), pvalue


def _mean(rhos: Sequence[float], sizes: Sequence[int]) -> tuple[tuple[float, float, float], float]:
    """Mean and interval of correlations on Fisher's scale, and the p-value of 0; NaN where one is missing."""
    told = over_seeds(_fisher(numpy.array(rhos), numpy.array(sizes)).tolist())
    low, high = told.interval()
    return (math.tanh(told.value), math.tanh(low), math.tanh(high)), told.pvalue


def _fisher(rhos: ndarray, sizes: ndarray) -> ndarray:
    """atanh, where a perfect order counts as half of the way to the next one: rho moves by 12 / (n^3 - n)."""
    most = 1 - 6 / (sizes**3 - sizes)
    return numpy.arctanh(rhos.clip(-most, most))


def _corrected(found: Sequence[tuple[Agreement, float] | None]) -> Iterator[Agreement]:
    there = [one for one in found if one is not None]
    tests = holm([pvalue for _, pvalue in there])
    for (one, _), test in zip(there, tests, strict=True):
        yield one._replace(p_holm=test.pvalue)
