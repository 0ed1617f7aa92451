"""The figures of the depth-profile study, for the page (plotly, as plain data)."""

from typing import Any

from pandas import DataFrame

from src.report.depth.settings import MODEL
from src.report.look import compact, faded, layout, ribbon

CONTROLS = {"none": ("standard", "#2166ac"), "equal_step": ("equal-step", "#d98a00")}
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "x", "star")
KINDS = {"encoder": "encoders", "decoder": "decoders", "ssm": "state-space", "rnn": "RNN", "unknown": "other"}
_SHADES = {"encoder": "#2f9e5b", "decoder": "#7b3fa0", "ssm": "#c2342b", "rnn": "#1c9aa8"}


def models_in_order(slopes: DataFrame) -> DataFrame:
    """One row a model: by kind, wiring and size, the order of every figure and table."""
    found = slopes[MODEL].drop_duplicates()
    rank = found["kind"].map({kind: place for place, kind in enumerate(KINDS)})
    return (
        found.assign(rank=rank)
        .sort_values(["rank", "wiring", "num_parameters", "label"])
        .drop(columns="rank")
    )


def name_of(model: dict[str, Any]) -> str:
    """The label of a model, with its kind of block."""
    return f"{model['label']} ({model['wiring']})" if model["wiring"] != "unknown" else model["label"]


def slope_figure(slopes: DataFrame, title: str) -> dict[str, Any]:
    """Slope of every model under each control: a row a model, a symbol an objective, bars over seeds."""
    models = [name_of(row) for row in models_in_order(slopes).to_dict("records")]
    objectives = sorted(slopes["objective"].unique())
    data = [
        _cells(control, objective, SYMBOLS[objectives.index(objective) % len(SYMBOLS)], one)
        for (control, objective), one in slopes.groupby(["control", "objective"], sort=False)
        if control in CONTROLS
    ]
    order = {"categoryorder": "array", "categoryarray": models[::-1], "automargin": True}
    height = 140 + 30 * len(models)
    return {"data": data, "layout": layout(title, "", yaxis=order) | {"height": height}}


def _cells(control: str, objective: str, symbol: str, one: DataFrame) -> dict[str, Any]:
    shown, shade = CONTROLS[control]
    reach = compact((one["high"] - one["mean"]).tolist())
    return {
        "type": "scatter",
        "mode": "markers",
        "name": f"{shown}, {objective}",
        "x": compact(one["mean"].tolist()),
        "y": [name_of(row) for row in one.to_dict("records")],
        "error_x": {"type": "data", "array": reach, "color": faded(shade, 0.6)},
        "marker": {"color": shade, "size": 9, "symbol": symbol},
        "hovertemplate": f"%{{y}}<br>{shown}, {objective}: %{{x:.4g}}<extra></extra>",
    }


def kind_figure(kinds: DataFrame) -> dict[str, Any]:
    """Change by depth, a line a kind of model and control."""
    data: list[dict[str, Any]] = []
    for (kind, control), one in kinds.dropna(subset=["mean"]).groupby(["kind", "control"], sort=False):
        name = f"{KINDS.get(kind, kind)}, {CONTROLS.get(control, (control, ''))[0]}"
        shade = _SHADES.get(kind, "#6b7280")
        depth = compact(one["depth"].tolist())
        known = one.dropna(subset=["low", "high"])
        if len(known):
            ends = [compact(known[end].tolist(), 4) for end in ("depth", "low", "high")]
            data.append(ribbon(*ends, shade, name))
        data.append({
            "type": "scatter", "mode": "lines", "name": name, "legendgroup": name, "x": depth,
            "y": compact(one["mean"].tolist()),
            "line": {"color": shade, "dash": "solid" if control == "none" else "dash", "width": 2},
        })  # fmt: skip
    axes = layout("relative depth (0: embedding output, 1: last block)", "change, over the run's mean change")
    return {"data": data, "layout": axes | {"height": 460}}
