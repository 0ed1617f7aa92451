"""The figures of the depth-profile study, for the page (plotly, as plain data)."""

from typing import Any

from pandas import DataFrame

from src.analysis.depth.format import counted
from src.analysis.depth.settings import FAMILIES, MODEL
from src.report.style import compact, faded, layout, ribbon

CONTROLS = {"none": ("standard", "#2166ac"), "equal_step": ("equal-step", "#d98a00")}
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "x", "star")
KINDS = {"encoder": "encoders", "decoder": "decoders", "ssm": "state-space", "rnn": "RNN", "unknown": "other"}
_SHADES = {
    "encoders": "#2f9e5b", "sequential decoders": "#7b3fa0", "parallel decoders": "#d98a00",
    "decoders": "#b06c9a", "state-space": "#c2342b", "RNN": "#1c9aa8",
}  # fmt: skip


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


def family_figure(families: DataFrame) -> dict[str, Any]:
    """Change by depth, a line a family and control."""
    data: list[dict[str, Any]] = []
    families = families.dropna(subset=["mean"]).sort_values(
        "family", key=lambda x: x.map(FAMILIES.index), kind="stable"
    )
    for (family, control), one in families.groupby(["family", "control"], sort=False):
        cells = counted(int(one["num_cells"].iloc[0]), "cell")
        name = f"{family}, {CONTROLS.get(control, (control, ''))[0]} ({cells})"
        shade = _SHADES.get(family, "#6b7280")
        depth = compact(one["depth"].tolist())
        band = one.dropna(subset=["low", "high"])
        if len(band):
            ends = [compact(band[end].tolist(), 4) for end in ("depth", "low", "high")]
            data.append(ribbon(*ends, shade, name))
        data.append({
            "type": "scatter", "mode": "lines", "name": name, "legendgroup": name, "x": depth,
            "y": compact(one["mean"].tolist()),
            "line": {"color": shade, "dash": "solid" if control == "none" else "dash", "width": 2},
        })  # fmt: skip
    axes = layout("relative depth (0: embedding output, 1: last block)", "change, over the run's mean change")
    return {"data": data, "layout": axes | {"height": 460}}
