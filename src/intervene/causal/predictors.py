"""Do profiles that are seen without intervening tell what each block carries of the gain?"""

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy
from numpy import ndarray
from scipy.stats import rankdata

from src.intervene.causal.regret import regrets
from src.intervene.causal.summary import Summary
from src.intervene.quantity import Quantity
from src.metrics.catalog import METRICS
from src.probe.table.block_profile import block_changes
from src.probe.table.layer_table import LayerRow
from src.probe.table.layers_csv import read_layers
from src.record.folder import LAYERS
from src.statistics.holm import holm
from src.statistics.profile_correlation import MIN_LAYERS, profile_correlation

TARGETS = ("alone", "left_out", "path")
SLOPE, FISHER = "slope_at_base", "fisher of the update"
TRACE, SIGNAL = "fisher_trace", "gradient_signal_to_noise"
"""Of the gradients of training rows at the base weights, before anything is trained."""
GRADIENT, TOP_HALF = "gradient norm of the base", "gradient norm of the base, top half"
STATES_AT_BASE = ("l2_norm", "condition_number", "curvature", "lens_cross_entropy")
"""Of the base model's states behind each block."""


class Prediction(NamedTuple):
    """One observed profile against one causal one, over blocks."""

    predictor: str
    target: str
    rho: float
    low: float
    high: float
    p: float
    p_holm: float
    """Corrected over all predictors of one target."""
    effective_n: float
    """Of blocks: neighbours are alike."""
    partial: float
    """rho of what depth and its square leave of both profiles' ranks."""
    regret: float
    """Of the blocks with the largest values: 0 as good as those that bring most alone, 1 as random ones."""
    regret_low: float
    regret_high: float
    rows_low: float = math.nan
    """Of rho over other rows and seeds, of these very blocks (`redrawn`); NaN where nothing was redrawn."""
    rows_high: float = math.nan


def observed(folder: Path, num_blocks: int) -> dict[str, ndarray]:
    """Profiles [block] that a run's layer table holds; none without one.

    A metric of states gives two: its level at the block's output, and what the block adds to it.
    """
    if not (folder / LAYERS).is_file():
        return {}
    found = _profiles(read_layers(folder / LAYERS))
    return {name: values for name, values in found.items() if len(values) == num_blocks}


def mean_profiles(runs: Sequence[Mapping[str, ndarray]]) -> dict[str, ndarray]:
    """The mean over runs of every profile that all of them have."""
    names = [name for name in runs[0] if all(name in one for one in runs)]
    return {name: numpy.mean([one[name] for one in runs], axis=0) for name in names}


def predictions(
    found: Sequence[Quantity],
    sides: Mapping[str, ndarray],
    blocks: Sequence[int],
    known: Mapping[tuple[str, str], tuple[float, float]] | None = None,
) -> list[Prediction]:
    """Every profile against every target.

    Args:
        found: quantities of the task.
        sides: profiles over `blocks`, as `profiles` makes them.
        blocks: those that training could change; the others have no part by construction.
        known: by predictor and target the interval of rho over rows and seeds.
    """
    causal = {kind: _means(found, kind, blocks) for kind in TARGETS}
    if len(blocks) < MIN_LAYERS or any(numpy.isnan(one).any() for one in causal.values()):
        return []
    lost = regrets(found)
    told = [one for target in TARGETS for one in _against(target, causal[target], sides, lost)]
    ends = [(known or {}).get((one.predictor, one.target), (math.nan, math.nan)) for one in told]
    return [one._replace(rows_low=low, rows_high=high) for one, (low, high) in zip(told, ends, strict=True)]


def profiles(
    found: Sequence[Quantity], seen: Mapping[str, ndarray], blocks: Sequence[int]
) -> dict[str, ndarray]:
    """Profiles over `blocks` to predict from: those observed, and what the slopes at the base say.

    The slope of an item is <update, gradient>, so the mean of its square is the update weighted with the
    empirical Fisher matrix of the score: D'FD.
    """
    sides = {name: values[list(blocks)] for name, values in seen.items()}
    slopes = {one.player: one.values for one in found if (one.score, one.kind) == ("logp", SLOPE)}
    mine = [slopes.get(f"block {block}", numpy.array([math.nan])) for block in blocks]
    sides[SLOPE] = numpy.array([one.mean() for one in mine])
    return sides | {FISHER: numpy.array([(one**2).mean() for one in mine])}


def _against(
    target: str, causal: ndarray, sides: Mapping[str, ndarray], lost: Mapping[str, Summary]
) -> Iterator[Prediction]:
    names = [name for name, side in sides.items() if numpy.isfinite(side).all()]
    tests = {name: profile_correlation(sides[name], causal) for name in names}
    corrected = holm([test.pvalue for test in tests.values()])
    for (name, test), one in zip(tests.items(), corrected, strict=True):
        partial = profile_correlation(_without_depth(sides[name]), _without_depth(causal)).rho
        regret = lost[name][2:] if name in lost else (math.nan,) * 3
        yield Prediction(
            name, target, test.rho, test.low, test.high, test.pvalue, one.pvalue, test.effective_n, partial,
            *regret,
        )  # fmt: skip


def _without_depth(values: ndarray) -> ndarray:
    """What is left of the ranks of a profile beside a parabola over depth; 0 where only rounding is."""
    ranks, depth = rankdata(values), numpy.linspace(-1, 1, len(values))
    basis = numpy.stack([depth**0, depth, depth**2], axis=1)
    return (ranks - basis @ numpy.linalg.lstsq(basis, ranks, rcond=None)[0]).round(9)


def _means(found: Sequence[Quantity], kind: str, blocks: Sequence[int]) -> ndarray:
    values = {one.player: one.estimate.value for one in found if (one.score, one.kind) == ("logp", kind)}
    return numpy.array([values.get(f"block {block}", math.nan) for block in blocks])


def _profiles(rows: Sequence[LayerRow]) -> dict[str, ndarray]:
    found: dict[str, ndarray] = {}
    by_name: dict[tuple[str, str], dict[int, float]] = {}
    for row in rows:
        if row.metric in METRICS and row.value is not None:
            by_name.setdefault((row.metric, row.stage), {})[row.layer] = row.value
    for (metric, stage), values in by_name.items():
        if stage == "base" and metric in (TRACE, SIGNAL):
            found[metric] = numpy.array([values[layer] for layer in sorted(values)])
        elif stage == "base" and metric in STATES_AT_BASE:
            found[f"{metric} of the base"] = numpy.array([values[layer] for layer in sorted(values)[1:]])
        elif stage == "change" and METRICS[metric].change != "none":
            found[metric] = numpy.array(block_changes(values, metric, levels=True))
            if METRICS[metric].needs not in ("weights", "matrices"):
                found[f"{metric} added by the block"] = numpy.array(block_changes(values, metric))
    return found | _of_gradients(found)


def _of_gradients(found: Mapping[str, ndarray]) -> dict[str, ndarray]:
    """The norm of the mean gradient, the published choice by it, and the first order of what a change brings.

    The two metrics are mean ||g||^2 and ||mean g||^2 / mean ||g||^2 of the same rows and weights, so the norm
    is exact. The published choice is the half of the blocks where it is largest (arXiv 2604.15351), 1 against
    0; of an odd number the smaller half (INFERRED).
    """
    if not {TRACE, SIGNAL} <= found.keys():
        return {}
    norm = numpy.sqrt(found[TRACE] * found[SIGNAL])
    top = numpy.zeros(len(norm))
    top[numpy.argsort(-norm, kind="stable")[: len(norm) // 2]] = 1
    told = {GRADIENT: norm, TOP_HALF: top}
    if "weight_change" in found:
        told[f"weight_change times {GRADIENT}"] = found["weight_change"] * norm
    return told
