"""Published numbers of profiles by layer: of all tokens, as the published code pools them.

The published code never takes out the states behind the last block. So a published end of the depth is held
against our layers up to L-1, and ours with layer L stands beside it where the two differ.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy

from src.analysis.arms import WHOLE, Arm
from src.analysis.layer_profiles import ends_within
from src.analysis.material import Material
from src.analysis.measures.measured import OwnNumber
from src.analysis.references import Published
from src.analysis.runs import ALL, Run, Series
from src.metrics.catalog import METRICS
from src.statistics.bounded import correlation_interval
from src.statistics.profile_correlation import effective_n
from src.statistics.seeds import over_seeds

_REDUCE: dict[str, Callable[[numpy.ndarray], float]] = {
    "mean": numpy.mean,
    "min": numpy.min,
    "max": numpy.max,
    "last": lambda values: values[-1],
}
_STATES = ("pooled", "pair", "tokens", "views")
_LAST = {"layers up to L-1": 1 - 1e-9, "with layer L": math.inf}
"""Which layers there are, by the depth that they end before."""


def profile(material: Material, published: Published) -> list[OwnNumber]:
    """One number of a metric over a part of depth, by arm of the whole stack; the embedding is left out."""
    asked = published.number.measure
    known = METRICS.get(asked["metric"])
    at_the_end = known is not None and known.needs in _STATES and asked["stop"] >= 1
    found = []
    for arm in _whole(material):
        before: list[float] | None = None
        for told, stop in (_LAST if at_the_end else {"": math.inf}).items():
            reduced = [_reduced(run, asked, stop) for run in arm.runs.values()]
            values = [value for value in reduced if value is not None]
            if values != before:
                found += [
                    replace(one, ends=ends_within(asked["metric"], asked["stage"], one.estimate))
                    for one in _measured(material, published, arm, values, told)
                ]
            before = values
    return found


def _reduced(run: Run, asked: Mapping[str, Any], stop: float) -> float | None:
    """Of one run: the part of the profile before `stop`, as one number; None where a layer is missing."""
    if (layers := run.series_of(ALL).get((asked["metric"], asked["stage"]))) is None:
        return None
    inside = (layers.depth > asked["start"] - 1e-9) & (layers.depth <= asked["stop"] + 1e-9)
    part = layers.value[inside & (layers.depth < stop)]
    return float(_REDUCE[asked["reduce"]](part)) if len(part) and numpy.isfinite(part).all() else None


def correlation(material: Material, published: Published) -> list[OwnNumber]:
    """Pearson's r over layers of the change in two metrics, by both joins.

    Block b belongs with layer b + 1, which it puts out. The published code joins it with layer b, which it
    gets, so with the embedding first and never with layer L (that the published number is of that join is
    INFERRED). A run keeps one number of a layer and not its rows: no interval is over rows.
    """
    asked = published.number.measure
    found = []
    for arm in _whole(material):
        for told, join in _JOINS.items():
            values = [pair for run in arm.runs.values() for pair in join(run, asked)]
            found += [
                replace(one, ends=_ends([rho for rho, _ in values], [n for _, n in values]))
                for one in _measured(material, published, arm, [rho for rho, _ in values], told)
            ]
    return found


def _with_output(run: Run, asked: Mapping[str, Any], stop: float) -> list[tuple[float, float]]:
    """Of one run: r of both metrics at the same layer before `stop`; empty where it lacks one."""
    first, second = (run.series_of(ALL).get((asked[key], "change")) for key in ("first", "second"))
    return [] if first is None or second is None else _pearson(first, second, stop)


def _with_input(run: Run, asked: Mapping[str, Any]) -> list[tuple[float, float]]:
    """Of one run: the published join; the second metric at layer b moves to block b, whose layer is b + 1."""
    table = run.layers_of(ALL if ALL in run.readings else run.reading) if run.readings else None
    first = run.series_of(ALL).get((asked["first"], "change"))
    if table is None or first is None:
        return []
    rows = table[(table["metric"] == asked["second"]) & (table["stage"] == "change")].sort_values("layer")
    layers, depths, values = (rows[name].to_numpy(float) for name in ("layer", "depth", "value"))
    return _pearson(first, Series(layers + 1, depths, values), math.inf)


_JOINS: dict[str, Callable[[Run, Mapping[str, Any]], list[tuple[float, float]]]] = {
    "block with its input (published join)": _with_input,
    "block with its output, layers up to L-1": partial(_with_output, stop=_LAST["layers up to L-1"]),
    "block with its output, with layer L": partial(_with_output, stop=_LAST["with layer L"]),
}


def _ends(rhos: list[float], effective: list[float]) -> tuple[float, float]:
    """Of the mean over seeds on Fisher's scale; of one seed, over its effective number of layers."""
    if len(rhos) == 1:
        return correlation_interval(rhos[0], effective[0])
    if max(abs(rho) for rho in rhos) == 1:
        return math.nan, math.nan
    low, high = over_seeds([math.atanh(rho) for rho in rhos]).interval()
    return math.tanh(low), math.tanh(high)


def _measured(
    material: Material, published: Published, arm: Arm, values: list[float], layers: str
) -> list[OwnNumber]:
    if not values:
        return []
    model, asked = arm.record["choices"].get("model"), published.reference.setting.model
    setting = f"{model} for {asked}" if asked not in (None, model) else f"{model} for several models"
    what = material.study.condition(arm) or arm.label(material.study.factors)
    told = ", ".join(one for one in (arm.kind, what, layers) if one)
    return [OwnNumber(told, over_seeds(values), setting=setting)]


def _whole(material: Material) -> list[Arm]:
    """Arms that changed the whole stack, and pairs of checkpoints."""
    return [arm for arm in material.study.arms if arm.band == WHOLE or arm.is_pair]


def _pearson(first: Series, second: Series, stop: float) -> list[tuple[float, float]]:
    """Pearson's r over the layers before `stop` where both have a value, and as how many independent ones
    they count.

    None below three layers or where one metric is constant.
    """
    ours, theirs = (side.layer[side.depth < stop] for side in (first, second))  # both in order of depth
    _, one, other = numpy.intersect1d(ours, theirs, return_indices=True)
    both = numpy.stack([first.value[one], second.value[other]])
    both = both[:, numpy.isfinite(both).all(axis=0)]
    if both.shape[1] < 3 or (both == both[:, :1]).all(axis=1).any():
        return []
    return [(float(numpy.clip(numpy.corrcoef(both)[0, 1], -1, 1)), effective_n(*both))]
