"""Profiles by layer as PNG files."""

from pathlib import Path
from typing import Any

import numpy
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from src.analysis.experiment import Experiment
from src.analysis.layer_profiles import Line
from src.analysis.material import Material
from src.metrics.catalog import axis_title
from src.storage.files import storage_errors

_X_LABEL = (
    "relative depth (0: embedding output, 1: last block)\n"
    "bars at the bottom: trained blocks; shade: 95 % interval over seeds, of one seed over rows"
)
_MOST_LINES, _MOST_BESIDE = 12, 5
_CORE = ("cka_debiased", "mean_shift", "effective_rank", "weight_change")


def draw_profiles(material: Material, folder: Path) -> list[Path]:
    """One figure a metric: value by relative depth, a line an arm, the 95 % interval, the band marked.

    Of more arms than a printed figure can show, the first condition alone, and only four metrics: the page
    has all of them.
    """
    study, profiles = material.study, material.profiles
    if len(study.arms) > _MOST_LINES:
        condition = study.condition(study.arms[0])
        profiles = {
            metric: [line for line in lines if line.stage == "base" or study.condition(line.arm) == condition]
            for metric, lines in profiles.items()
            if metric in _CORE
        }
    return [_draw(study, metric, lines, folder / f"{metric}.png") for metric, lines in profiles.items()]


def _draw(study: Experiment, metric: str, lines: list[Line], path: Path) -> Path:
    arms = list(dict.fromkeys(id(line.arm) for line in lines if line.stage != "base"))
    figure = Figure(figsize=(7 if len(arms) <= _MOST_BESIDE else 9, 3.8), layout="constrained")
    axes = figure.subplots()
    for line in lines:
        if line.stage == "base":  # one base a model, whatever was trained on it
            _line(axes, line, f"base {line.arm.record['choices']['model']}", "0.35", "--")
            continue
        number = arms.index(id(line.arm))
        _line(axes, line, _label(study, line), f"C{number % 10}", "-")
        _mark_band(axes, line.arm.record, f"C{number % 10}", number)
    axes.set(xlabel=_X_LABEL, ylabel=axis_title(metric))
    axes.set_xlim(0, 1)
    axes.grid(alpha=0.25)
    beside = {"loc": "upper left", "bbox_to_anchor": (1, 1)} if len(arms) > _MOST_BESIDE else {}
    axes.legend(frameon=False, fontsize=8, **beside)
    with storage_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, dpi=120)
    return path


def _line(axes: Axes, line: Line, label: str, color: str, style: str) -> None:
    axes.plot(
        line.depth, line.value, style, color=color, label=label, linewidth=1.6, marker=".", markersize=4
    )
    if numpy.isfinite(line.low).any():
        axes.fill_between(line.depth, line.low, line.high, color=color, alpha=0.18, linewidth=0)


def _mark_band(axes: Axes, record: dict[str, Any], color: str, number: int) -> None:
    """A bar at the bottom over the depths whose blocks were trained, one height a run."""
    num_blocks, blocks = record["model"]["num_blocks"], record.get("adapted", {}).get("blocks", [])
    low, below = 0.012 + 0.02 * number, axes.get_xaxis_transform()  # x in depth, y as a share of the height
    bars = [(block / num_blocks, 1 / num_blocks) for block in blocks]
    axes.broken_barh(bars, (low, 0.014), facecolors=color, linewidth=0, transform=below)


def _label(study: Experiment, line: Line) -> str:
    record, arm = line.arm.record, line.arm
    if arm.kind == "pair":
        return f"{Path(record['choices']['tuned']).name} against {Path(record['choices']['model']).name}"
    seeds = f"seed {min(arm.runs)}" if len(arm.runs) == 1 else f"{len(arm.runs)} seeds"
    condition = study.condition(arm)
    return (
        f"{record['choices']['method']}, band {record['choices']['band']}, "
        + (f"{condition}, " if condition else "")
        + seeds
    )
