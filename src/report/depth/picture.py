"""The figure of the README as a PNG: slope per model, standard against equal-step."""

from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from pandas import DataFrame

from src.analysis.depth.analysis import Depth
from src.report.depth.figures import CONTROLS, KINDS, models_in_order, name_of
from src.storage.files import storage_errors

_MARKERS = ("o", "s", "D", "^", "X", "*")


def draw_slopes(slopes: DataFrame, title: str, x_label: str, path: Path) -> Path:
    """A row a model, the kinds of model in shaded groups; bars are 95 % intervals over seeds.

    Args:
        slopes: one row a cell and control: those of `Depth.slopes` for one metric and quantity.
        title: says what was run, and that a miniature is one.
        x_label: the metric and its unit.
        path: of the PNG.
    """
    models = models_in_order(slopes).to_dict("records")
    rows = {model["model"]: len(models) - place for place, model in enumerate(models)}
    figure = Figure(figsize=(8.5, 1.6 + 0.36 * len(models)), layout="constrained")
    axes = figure.subplots()
    _groups(axes, models, rows)
    objectives = sorted(slopes["objective"].unique())
    for (control, objective), one in slopes.groupby(["control", "objective"], sort=False):
        if control in CONTROLS:
            shown, shade = CONTROLS[control]
            shift = 0.14 if control == "none" else -0.14
            axes.errorbar(
                one["mean"], one["model"].map(rows) + shift, xerr=one["high"] - one["mean"], color=shade,
                fmt=_MARKERS[objectives.index(objective) % len(_MARKERS)], markersize=5, linewidth=1,
                label=f"{shown}, {objective}",
            )  # fmt: skip
    axes.axvline(0, color="0.3", linewidth=0.8)
    axes.set_yticks(list(rows.values()), [name_of(model) for model in models], fontsize=8)
    axes.set(xlabel=x_label, ylim=(0.4, len(models) + 0.6))
    axes.set_title(title, fontsize=10, loc="left")
    axes.grid(axis="x", alpha=0.25)
    axes.legend(frameon=False, fontsize=7, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    with storage_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, dpi=150)
    return path


def _groups(axes: Axes, models: list[dict], rows: dict[str, int]) -> None:
    """A shade behind every other kind of model, and its name at the right edge."""
    for place, kind in enumerate(dict.fromkeys(model["kind"] for model in models)):
        held = [rows[model["model"]] for model in models if model["kind"] == kind]
        if place % 2 == 0:
            axes.axhspan(min(held) - 0.5, max(held) + 0.5, color="0.94", zorder=0)
        where = (0.995, (min(held) + max(held)) / 2)
        edge = axes.get_yaxis_transform()
        axes.text(
            *where, KINDS.get(kind, kind), transform=edge, ha="right", va="center", fontsize=8, color="0.4"
        )


def draw_depth(depth: Depth, folder: Path) -> list[Path]:
    """depth_slopes.png; nothing where only one model was run."""
    if depth.numbers["model"].nunique() < 2:
        return []
    slopes = depth.slopes[(depth.slopes["metric"] == depth.metric) & (depth.slopes["quantity"] == "slope")]
    runs = depth.numbers.drop_duplicates("run")
    models = runs.drop_duplicates("model")
    small = int(models["miniature"].sum())
    which = f"a miniature ({small} of {len(models)} are tiny twins)" if small else f"{len(models)} models"
    title = (
        f"Locality gradient, {which}: {len(runs)} runs, {runs['seed'].nunique()} seeds; bars: 95 % over seeds"
    )
    label = f"slope of {depth.metric.replace('_', ' ')} over relative depth"
    return [draw_slopes(slopes, title, label, folder / "depth_slopes.png")]
