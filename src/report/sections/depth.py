"""The depth-profile study: slopes with and without the control, by model, wiring, size and objective."""

from collections.abc import Sequence
from typing import Any

from pandas import DataFrame

from src.analysis.depth import equal_step_verdicts as fates
from src.analysis.depth import findings
from src.analysis.depth.analysis import Depth
from src.analysis.depth.curves import ALL, BOTH
from src.analysis.depth.decomposition import STANDARD
from src.analysis.depth.finding import NONE
from src.analysis.depth.inferred import inferred
from src.analysis.depth.settings import has_several
from src.analysis.material import Material
from src.analysis.references import Published
from src.report.blocks import Chart, Table, Text
from src.report.depth.blocks import frame_table
from src.report.depth.figures import family_figure, slope_figure
from src.report.depth.tables import detail_tables
from src.report.section import Block, Section

_FILE = "depth_profile_study"
_RULES = {
    "positive_slopes": findings.positive_slopes,
    "equal_step_sequential_keeps_slope": fates.sequential_keeps,
    "equal_step_parallel_keeps_slope": fates.parallel_keeps,
    "equal_step_larger": fates.larger_keep,
    "steepness_with_objective_distance": findings.steepness,
    "width_by_architecture": findings.width,
}
_READING = (
    "Slope: least squares of a layer's change against relative depth; positive where change grows towards "
    "the output. Relative slope: the slope over the profile's mean change, so that it does not grow when "
    "all layers change more. Intervals are 95 % (Student's t) over seeds, of these models; a cell is a "
    "model with an objective."
)
_FAMILIES_NOTE = (
    "Each run over its own mean change, averaged over cells. Ribbons: 95 % over seeds, not over models."
)


def build(material: Material) -> list[Block]:
    """Nothing where the runs are of one model, objective and control."""
    depth = material.depth
    if not has_several(depth.numbers):
        return []
    figure = slope_figure(main_slopes(depth), f"slope of {words(depth.metric)}")
    title = sized("Slope of every model, standard against equal-step", depth.numbers)
    return [
        Text([scale(depth.numbers), inferred(material.study.arms), _READING]),
        _findings(depth, material.study.published),
        Chart("depth_slopes", title, {depth.metric: figure}),
        *_families(depth),
        *detail_tables(depth),
    ]


def _families(depth: Depth) -> list[Chart]:
    """Standard training over all cells; both controls over the cells that ran under both."""
    every = depth.families
    standard = every[(every["cells"] == ALL) & (every["control"] == STANDARD)]
    charts = {
        "depth_families": ("Profiles by family, standard training", standard),
        "depth_families_controls": (
            "Profiles by family, standard against equal-step, over cells that ran under both",
            every[every["cells"] == BOTH],
        ),
    }
    return [
        Chart(name, sized(title, depth.numbers), _by_metric(found), _FAMILIES_NOTE, "metric")
        for name, (title, found) in charts.items()
        if len(found)
    ]


def _by_metric(families: DataFrame) -> dict[str, dict[str, Any]]:
    return {metric: family_figure(one) for metric, one in families.groupby("metric", sort=False)}


def sized(title: str, numbers: DataFrame) -> str:
    """A title that calls a miniature one."""
    return f"{title} (miniature)" if numbers["miniature"].any() else title


def main_slopes(depth: Depth) -> DataFrame:
    """The slopes of the figure: of the main metric, every cell and control."""
    slopes = depth.slopes
    return slopes[(slopes["metric"] == depth.metric) & (slopes["quantity"] == "slope")]


def scale(numbers: DataFrame) -> str:
    """What was run, in one sentence; a miniature is called one."""
    runs = numbers.drop_duplicates("run")
    models = runs.drop_duplicates("model")
    small = int(models["miniature"].sum())
    told = f"{len(runs)} runs of {len(models)} models, {runs['seed'].nunique()} seeds"
    if not small:
        return f"{told}."
    which = "all of them" if small == len(models) else f"{small} of them"
    return (
        f"A miniature: {told}; {which} are small twins of the checkpoints they are named after: same "
        "wiring, a fraction of the size, so nothing here speaks of those checkpoints themselves."
    )


def words(metric: str) -> str:
    """A metric's name for a reader."""
    return metric.replace("_", " ")


def _findings(depth: Depth, published: Sequence[Published]) -> Table:
    known = {one.number.name: one.number for one in published if one.file == _FILE}
    count = known.get("positive_slopes")
    found = depth.findings(count.value / count.n if count and count.n else float("nan"))
    rows: list[dict[str, Any]] = [
        {
            "name": words(one.name),
            "published": _words_of(known.get(one.name)),
            "ours": one.ours,
            "verdict": "not measured" if one.verdict == NONE else one.verdict,
            "rule": " ".join((_RULES[one.name].__doc__ or "").split()),
        }
        for one in found
    ]
    shown = {
        "name": "finding",
        "published": "published",
        "ours": "ours",
        "verdict": "verdict",
        "rule": "rule",
    }
    title = sized(f"Published findings at this size, in {words(depth.metric)}", depth.numbers)
    return frame_table("depth_findings", title, DataFrame(rows), shown)


def _words_of(number: Any) -> str | None:
    if number is None:
        return None
    if number.value is not None:
        return f"{number.value:g} of {number.n}"
    return (number.note or "").removeprefix("in words only, ")


SECTION = Section(
    "Depth profiles over models and controls",
    "trained runs of several models or objectives, or under several controls, with metrics=depth_profile",
    build,
)
