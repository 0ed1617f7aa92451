"""The figures of the depth-profile study."""

from pandas import DataFrame

from src.analysis.arms import NULLS
from src.analysis.depth.decomposition import STANDARD
from src.analysis.depth.depth_study import DepthStudy
from src.analysis.depth.family_profiles import ALL, BOTH
from src.analysis.depth.settings import FAMILIES, models_in_order
from src.analysis.depth.wording import counted
from src.analysis.records import records
from src.report.palette import BLUE, GREEN, ORANGE, PURPLE, PUSH, RED, SKY, SLATE, symbol
from src.report.plot import Axis, Plot, Series

_CONTROLS = {"none": ("standard", BLUE, -0.14), "equal_step": ("equal-step", ORANGE, 0.14)}
"""Name, hue and shift of every control."""
_NULLS = {
    "random_direction": ("random push", 0.3, PUSH, "x"),
    "random_spectrum": ("random push, same spectrum", 0.4, PURPLE, "star"),
}
"""Name, shift, hue and marker of every null."""
_HUES = {
    "encoders": GREEN, "sequential decoders": PURPLE, "parallel decoders": ORANGE, "decoders": BLUE,
    "state-space": RED, "RNN": SKY,
}  # fmt: skip
_DEPTH = Axis("relative depth (0: embedding output, 1: last block)", limits=(0, 1))
_CHANGE = Axis("change, over the run's mean change")
_TITLES = {
    "depth_families": "Profiles by family, standard training and random pushes",
    "depth_families_controls":
        "Profiles by family, standard against equal-step, over cells that ran under both",
}  # fmt: skip


def slope_plot(depth: DepthStudy) -> Plot:
    """Relative slope of every model under each control and null: a row a model, a marker an objective."""
    slopes, extent = depth.main_slopes, depth.extent
    models = models_in_order(slopes)
    names = [_name(model) for model in records(models)]
    rows = {str(model): place for place, model in enumerate(models["model"])}
    objectives = sorted(slopes["objective"].unique())
    series = [
        _slopes(one, control, str(objective), symbol(objectives.index(objective)), rows)
        for (control, objective), one in slopes.groupby(["control", "objective"], sort=False)
        if control in _CONTROLS
    ]
    pushes = depth.null_slopes
    there = [null for null in NULLS if null in set(pushes["control"])]
    series += [_null(pushes[pushes["control"] == null], null, rows) for null in there]
    small = f"a miniature ({extent.miniatures} of {extent.models} are tiny twins)"
    which = small if extent.miniatures else f"{extent.models} models"
    caption = f"{which}: {extent.runs} runs, {extent.seeds} seeds; bars: 95 % over seeds"
    x = Axis(f"relative slope of {depth.metric.replace('_', ' ')} over relative depth")
    y, height = Axis("", names), 140 + 30 * len(names)
    return Plot(x, y, series, along_x=True, zero=True, caption=caption, height=height)


def family_plots(depth: DepthStudy) -> list[tuple[str, str, dict[str, Plot]]]:
    """Name, title and plots by metric: standard training over all cells; both controls over common cells."""
    every = depth.families
    tables = (
        every[(every["cells"] == ALL) & every["control"].isin([STANDARD, *NULLS])],
        every[every["cells"] == BOTH],
    )
    return [
        (name, title, {str(metric): _families(one) for metric, one in table.groupby("metric", sort=False)})
        for (name, title), table in zip(_TITLES.items(), tables, strict=True)
        if len(table)
    ]


def _name(model: dict[str, str]) -> str:
    """The label of a model, with its kind of block."""
    return f"{model['label']} ({model['wiring']})" if model["wiring"] != "unknown" else model["label"]


def _slopes(one: DataFrame, control: str, objective: str, marker: str, rows: dict[str, int]) -> Series:
    name, hue, shift = _CONTROLS[control]
    x, y = one["value"].tolist(), [rows[model] + shift for model in one["model"]]
    texts = [f"{_name(row)}<br>{name}, {objective}: {row['value']:.4g}" for row in records(one)]
    low, high = one["ci_low"].tolist(), one["ci_high"].tolist()
    return Series(f"{name}, {objective}", x, y, "points", low, high, hue, symbol=marker, texts=texts)


def _null(one: DataFrame, null: str, rows: dict[str, int]) -> Series:
    """What a random push has, over draws; of the models that were trained."""
    known = one[one["model"].isin(rows)]
    name, shift, hue, marker = _NULLS[null]
    x, y = known["value"].tolist(), [rows[model] + shift for model in known["model"]]
    low, high = known["ci_low"].tolist(), known["ci_high"].tolist()
    texts = [f"{_name(row)}<br>{name}: {row['value']:.4g}" for row in records(known)]
    return Series(name, x, y, "points", low, high, hue, symbol=marker, texts=texts)


def _families(table: DataFrame) -> Plot:
    """Change by depth, a line a family and control."""
    known = table.dropna(subset=["value"])
    known = known.sort_values("family", key=lambda names: names.map(FAMILIES.index), kind="stable")
    series = []
    for (family, control), one in known.groupby(["family", "control"], sort=False):
        cells = counted(int(one["num_cells"].iloc[0]), "cell")
        shown = (_CONTROLS | _NULLS)[control][0] if control in _CONTROLS | _NULLS else control
        name = f"{family}, {shown} ({cells})"
        numbers = [one[column].tolist() for column in ("depth", "value", "ci_low", "ci_high")]
        x, y, low, high = numbers
        dash = "solid" if control == STANDARD else "dot" if control in NULLS else "dash"
        series.append(Series(name, x, y, "rule", low, high, _HUES.get(str(family), SLATE), dash=dash))
    return Plot(_DEPTH, _CHANGE, series, height=460)
