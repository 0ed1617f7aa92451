"""Profiles by layer as PNG files."""

from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("agg")  # no screen is needed
import matplotlib.pyplot as plt
import pandas
from matplotlib.axes import Axes

from src.files import storage_errors
from src.report.runs import Run

_X_LABEL = (
    "relative depth (0: embedding output, 1: last block)\n"
    "bars at the bottom: trained blocks; shade: 95 % interval over rows"
)
_UNITS = {
    "mean_shift": "mean shift (L2)",
    "prompt_entropy": "prompt entropy (nats)",
    "dataset_entropy": "dataset entropy (nats)",
    "effective_rank": "effective rank (dimensions)",
    "cka_debiased": "linear CKA, debiased",
    "cka_biased": "linear CKA, biased",
    "cosine_similarity": "cosine similarity",
    "weight_change": "relative weight change per block",
}


def draw_profiles(runs: list[Run], folder: Path) -> list[Path]:
    """One figure a metric: value by relative depth, a line a run, the 95 % interval, the band marked.

    Kinds of tensors within a block (metric/kind) are in layers.csv only.
    """
    profiles = [(run, run.layers) for run in runs if run.problem is None and run.layers is not None]
    metrics = dict.fromkeys(
        metric for _, layers in profiles for metric in layers["metric"].unique() if "/" not in metric
    )
    return [_draw(metric, profiles, folder / f"{metric}.png") for metric in metrics]


def _draw(metric: str, profiles: list[tuple[Run, pandas.DataFrame]], path: Path) -> Path:
    figure, axes = plt.subplots(figsize=(7, 3.8), layout="constrained")
    base_drawn: set[str] = set()
    for number, (run, layers) in enumerate(profiles):
        found = layers[layers["metric"] == metric]
        for stage, one in found.groupby("stage", sort=False):
            if stage == "base":  # one base a model, whatever was trained on it
                if run.record["model"]["fingerprint"] not in base_drawn:
                    base_drawn.add(run.record["model"]["fingerprint"])
                    _line(axes, one, f"base {run.record['choices']['model']}", "0.35", "--")
                continue
            _line(axes, one, _label(run.record), f"C{number % 10}", "-")
            _mark_band(axes, run.record, f"C{number % 10}", number)
    axes.set(xlabel=_X_LABEL, ylabel=_UNITS.get(metric, metric))
    axes.set_xlim(0, 1)
    axes.grid(alpha=0.25)
    axes.legend(frameon=False, fontsize=8)
    with storage_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, dpi=130)
    plt.close(figure)
    return path


def _line(axes: Axes, one: pandas.DataFrame, label: str, color: str, style: str) -> None:
    axes.plot(
        one["depth"], one["value"], style, color=color, label=label, linewidth=1.6, marker=".", markersize=4
    )
    if one["low"].notna().any():
        axes.fill_between(one["depth"], one["low"], one["high"], color=color, alpha=0.18, linewidth=0)


def _mark_band(axes: Axes, record: dict[str, Any], color: str, number: int) -> None:
    """A bar at the bottom over the depths whose blocks were trained, one height a run."""
    num_blocks = record["model"]["num_blocks"]
    for block in record.get("adapted", {}).get("blocks", []):
        low = 0.012 + 0.02 * number
        axes.axvspan(block / num_blocks, (block + 1) / num_blocks, low, low + 0.014, color=color, linewidth=0)


def _label(record: dict[str, Any]) -> str:
    choices = record["choices"]
    if choices["method"] == "pair":
        return f"{Path(choices['tuned']).name} against {Path(choices['model']).name}"
    return f"{choices['method']}, band {choices['band']}, seed {record['seed']}"
