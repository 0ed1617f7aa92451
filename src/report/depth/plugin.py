"""The depth-profile study in the report: slopes with and without the control, by model and objective."""

from collections.abc import Mapping

from src.analysis.arms import NULLS
from src.analysis.depth.depth_study import DepthStudy, Extent, depth_study
from src.analysis.depth.inferred import inferred
from src.analysis.depth.null import excess_over
from src.analysis.depth.published_findings import finding_rows
from src.analysis.material import Material
from src.report.columns import columns
from src.report.depth import band_control, features
from src.report.depth.plots import family_plots, slope_plot
from src.report.depth.tables import detail_tables
from src.report.parts import Block, Chart, Section, Text
from src.report.plot import Plot
from src.report.plugins import Plugin
from src.report.table import Column, Table

_READING = (
    "Slope: least squares of a layer's change against relative depth; positive where change grows towards "
    "the output. Relative slope: the slope over the profile's mean change, so that it does not grow when "
    "all layers change more: it comes first. Intervals are 95 % (Student's t) over seeds, of these models; a "
    "cell is a model with an objective."
)
_FAMILIES_NOTE = (
    "Each run over its own mean change, averaged over cells. Ribbons: 95 % over seeds, not over models."
)


def build(material: Material) -> list[Block]:
    """Nothing where the runs are of one model, objective and control."""
    depth = material.get(depth_study)
    if not depth.several:
        return []
    title = sized("Relative slope of every model, standard against equal-step", depth)
    families = [
        Chart(name, sized(title, depth), plots, _FAMILIES_NOTE, "metric")
        for name, title, plots in family_plots(depth)
    ]
    return [
        Text([extent_in_words(depth.extent), null_in_words(depth), inferred(material.study.arms), _READING]),
        Chart("depth_slopes", title, {depth.metric: slope_plot(depth)}),
        *families,
        _findings(material, depth),
        *detail_tables(depth),
    ]


def pictures(material: Material) -> Mapping[str, Plot]:
    """depth_slopes; nothing where only one model was run."""
    depth = material.get(depth_study)
    return {"depth_slopes": slope_plot(depth)} if depth.extent.models > 1 else {}


def sized(title: str, depth: DepthStudy) -> str:
    """A title that calls a miniature one."""
    return f"{title} (miniature)" if depth.extent.miniatures else title


def extent_in_words(found: Extent) -> str:
    """What was run, in one sentence; a miniature is called one."""
    told = f"{found.runs} runs of {found.models} models, {found.seeds} seeds"
    if not found.miniatures:
        return f"{told}."
    which = "all of them" if found.miniatures == found.models else f"{found.miniatures} of them"
    return (
        f"A miniature: {told}; {which} are small twins of the checkpoints they are named after: same "
        "wiring, a fraction of the size, so nothing here speaks of those checkpoints themselves."
    )


def null_in_words(depth: DepthStudy) -> str:
    """Which null the findings are judged beyond, or how to run one."""
    if depth.null is None:
        size = depth.mean_weight_change
        told = f"{size:.2g}" if size else "SIZE"
        return (
            "No null was run: a random push has a slope too, so nothing here is judged. The null: these runs "
            f"again with control=random_direction control.size={told}; they do not train."
        )
    told = (
        f"The null: {depth.extent.draws} random pushes, no training. Each run less the draw of its seed is "
        f"its excess over {depth.null}; findings are judged on the excess."
        + "".join(
            f" They have a word only where it is that beyond {name}, too." for name in depth.further_nulls
        )
    )
    known = {depth.null, *depth.further_nulls}
    others = [name for name in NULLS if name in depth.readings and name not in known]
    return told + "".join(
        f" Tables have the excess over {name} as well, which was not run beside all of them."
        for name in others
    )


def _findings(material: Material, depth: DepthStudy) -> Table:
    rows = finding_rows(depth, material.study.published)
    words = [Column((name,), name, numeric=False, wide=True) for name in ("published", "ours")]
    heads = columns("name", *words, "verdict", "rule", name="finding")
    beyond = "as it is" if depth.null is None else excess_over(depth.null)
    metric = depth.metric.replace("_", " ")
    title = sized(f"Published findings at this size, in {metric}, relative slopes, {beyond}", depth)
    judges = sized("Published findings on depth", depth)
    note = f"Words and what is seen here have Holm's correction over the {len(rows)} declared claims."
    return Table("depth_findings", title, heads, rows, note, judges=judges)


SECTION = Section(
    "Depth profiles over models and controls",
    "trained runs of several models or objectives, or under several controls, with metrics=depth_profile",
    build,
)
PLUGIN = Plugin(
    depth=(SECTION, features.SECTION), tables=(band_control.SECTION,), pictures=(pictures, features.pictures)
)
