"""Learning curves."""

from typing import Any

import numpy

from src.analysis.arms import BAND, Arm
from src.analysis.experiment import Experiment
from src.analysis.material import Material
from src.report.blocks import Chart, Column, Table
from src.report.section import Block, Section
from src.report.sections.scores import band_order
from src.report.style import color, compact, dash, layout, ribbon
from src.statistics.student import mean_interval

_MOST_POINTS = 60
_SHOWN = {"loss": "training loss (nats per token)", "gradient_norm": "gradient norm before clipping"}


def build(material: Material) -> list[Block]:
    """One figure with a choice of what is drawn."""
    arms = [
        arm
        for arm in sorted(material.study.arms, key=band_order)
        if any(run.steps for run in arm.runs.values())
    ]
    if not arms:
        return []
    figures = {title: _figure(material.study, arms, key, title) for key, title in _SHOWN.items()}
    note = (
        f"Mean over seeds and over bins of steps (at most {_MOST_POINTS}); ribbons: 95 % interval over seeds."
    )
    return [Chart("learning_curves", "Learning curves", figures, note, "show", _table(material.study, arms))]


def _figure(study: Experiment, arms: list[Arm], key: str, title: str) -> dict[str, Any]:
    first = study.condition(arms[0]) if len(arms) > 12 else None
    others = sorted({arm.band for arm in arms})
    data: list[dict[str, Any]] = []
    for arm in arms:
        found = _binned([run.steps for run in arm.runs.values() if run.steps], key)
        if found is None:
            continue
        steps, table = found
        shade, name = color(arm.band, others), arm.label(study.factors)
        shown = {} if first in (None, study.condition(arm)) else {"visible": "legendonly"}
        mean, low, high = mean_interval(table)
        if len(table) > 1:
            data.append(ribbon(compact(steps), compact(low, 4), compact(high, 4), shade, name) | shown)
        data.append({
            "type": "scatter", "mode": "lines", "name": name, "legendgroup": name, "x": compact(steps),
            "y": compact(mean, 4), "line": {"color": shade, "dash": dash(arm.band), "width": 2},
            "hovertemplate": f"{name} ({len(table)} seeds)<br>step %{{x:.0f}}: %{{y:.3f}}<extra></extra>",
        } | shown)  # fmt: skip
    return {"data": data, "layout": layout("optimizer step", title) | {"height": 460}}


def _table(study: Experiment, arms: list[Arm]) -> Table:
    """Every run's curves, as many points as are drawn."""
    names = [BAND, *(name for name in study.factors if name != BAND)]
    heads = [name.removesuffix(".name").replace("_", " ") for name in names]
    columns = [Column(name) for name in (*heads, "seed", "step", *_SHOWN)]
    rows: list[list[Any]] = []
    for arm in arms:
        seeds = [seed for seed, run in arm.runs.items() if run.steps]
        found = [_binned([arm.runs[seed].steps for seed in seeds], key) for key in _SHOWN]
        steps = next((one[0] for one in found if one is not None), [])
        curves = [[[None] * len(steps)] * len(seeds) if one is None else one[1] for one in found]
        told = [arm.band, *(arm.factors[name] for name in names[1:])]
        for seed, *of_seed in zip(seeds, *curves, strict=True):
            rows += [[*told, seed, *point] for point in zip(*map(compact, (steps, *of_seed)), strict=True)]
    return Table("curves", "Learning curves", columns, rows)


def _binned(runs: list[list[dict[str, Any]]], key: str) -> tuple[numpy.ndarray, numpy.ndarray] | None:
    """Steps, and a table [run, bin] over the steps that all runs have; None where the key is nowhere."""
    length = min((len(rows) for rows in runs), default=0)
    if not length or any(key not in row for rows in runs for row in rows[:length]):
        return None
    sizes = numpy.array([len(one) for one in numpy.array_split(range(length), min(length, _MOST_POINTS))])
    starts = sizes.cumsum() - sizes
    values = [
        [row[name] for row in rows[:length]]
        for name, rows in [("step", runs[0]), *((key, one) for one in runs)]
    ]
    means = numpy.add.reduceat(numpy.array(values), starts, axis=1) / sizes
    return means[0], means[1:]


SECTION = Section("Learning curves", "steps.jsonl", build)
