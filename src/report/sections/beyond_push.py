"""Profiles by layer beside a random push without training: as they are, as the push has them, the excess."""

from collections.abc import Mapping

from pandas import DataFrame

from src.analysis.arms import NULLS
from src.analysis.beyond_push import beyond_push, beyond_push_of_all_tokens
from src.analysis.depth.null import AS_IT_IS, excess_over
from src.analysis.material import Material
from src.metrics.catalog import METRICS
from src.report.columns import columns
from src.report.palette import DASHES, looks, symbol
from src.report.parts import Block, Chart, Section
from src.report.plot import Axis, Plot, Series
from src.report.sections.layer_profiles import CORE, DEPTH, MOST_SHOWN
from src.report.table import Table

_ALL_THREE = 3
"""Arms of which all readings are shown; of more the excess alone, the others wait in the legend."""
_NOTE = (
    "Change by layer over the run's mean change, so that sizes do not matter. Solid: trained less push, "
    "paired by seed; dashed: as it is; dotted: the push. Ribbons: 95 % over seeds (Student's t), which are "
    "draws of the push as well. Where the ribbon holds 0, nothing could be told from a random push."
)
_SLOPES = (
    "Relative slope: least squares over relative depth, over the mean change behind the blocks; the "
    "absolute slope of a push grows with its size. A finding about tuning is one on the excess. Intervals: "
    "95 % over seeds."
)


def build(material: Material) -> list[Block]:
    """A figure with a choice of metric, and the table of slopes; nothing without random pushes."""
    found, study = material.get(beyond_push), material.study
    if found.layers.empty:
        return []
    plots = material.get(_plots)
    key = ("band", "condition", "metric", "reading")
    drawn = found.layers[found.layers["place"].isin(_shown(found.layers))]
    numbers = Table(
        "profiles_beyond_push", "Profiles beside a random push",
        columns(*key, "depth", "value", "ci", "num_seeds"), found.rows(study, drawn),
    )  # fmt: skip
    blocks: list[Block] = [Chart("profiles_beyond_push", SECTION.title, plots, _NOTE, "metric", numbers)]
    heads = columns(*key, "quantity", "value", "ci", "num_seeds")
    whole = material.get(beyond_push_of_all_tokens)
    for name, title, one in (("", "", found), ("_all_tokens", ", all tokens", whole)):
        if rows := one.rows(study, one.slopes):
            told = f"Slopes beside a random push{title}"
            blocks.append(Table(f"slopes_beyond_push{name}", told, heads, rows, _SLOPES, len(rows) > 30))
    return blocks


def pictures(material: Material) -> Mapping[str, Plot]:
    """METRIC_beyond_push, of the main metrics."""
    plots = material.get(_plots)
    return {f"{name}_beyond_push": plots[name] for name in (*CORE, "procrustes_distance") if name in plots}


def _plots(material: Material) -> dict[str, Plot]:
    """Of the metrics that were measured of the push as well."""
    layers = material.get(beyond_push).layers
    groups = layers.groupby("metric", sort=False) if len(layers) else ()
    found = {str(metric): (_null(table), table) for metric, table in groups}
    return {name: _plot(material, name, null, table) for name, (null, table) in found.items() if null}


def _null(layers: DataFrame) -> str | None:
    """The push of the figure: the first that was run."""
    return next((name for name in NULLS if name in set(layers["reading"])), None)


def _plot(material: Material, metric: str, null: str, layers: DataFrame) -> Plot:
    study, look = material.study, looks(material)
    layers = layers[layers["place"].isin(layers.loc[layers["reading"] == null, "place"])]
    places, series = _shown(layers), list[Series]()
    ways = {
        excess_over(null): ("beyond the push", "solid"),
        AS_IT_IS: ("as it is", "dash"),
        null: ("push", "dot"),
    }
    for place in places:
        arm = study.arms[place]
        for reading, (words, dash) in ways.items():
            one = layers[(layers["place"] == place) & (layers["reading"] == reading)].sort_values("depth")
            name = f"{arm.label(study.factors)}, {words} ({int(one['num_seeds'].max())} seeds)"
            x, y, low, high = (one[key].tolist() for key in ("depth", "value", "ci_low", "ci_high"))
            waits = len(places) > _ALL_THREE and dash != "solid"
            mine, mark = look[id(arm)], "line" if dash == "solid" else "rule"
            marker = symbol(DASHES.index(mine.dash))  # dashes tell readings here
            series.append(Series(name, x, y, mark, low, high, mine.hue, (), marker, dash, waits=waits))
    every = layers["place"].nunique()
    caption = f"{len(places)} of {every} arms have a push of their own: {null.replace('_', ' ')}"
    sign = "1 - " if METRICS[metric].change == "similarity" else ""
    title = f"{sign}{metric.replace('_', ' ')}, over its mean"
    return Plot(DEPTH, Axis(title), series, zero=True, caption=caption, height=520)


def _shown(layers: DataFrame) -> list[int]:
    return list(dict.fromkeys(layers["place"]))[:MOST_SHOWN]


SECTION = Section(
    "Profiles beside a random push",
    "random pushes beside trained runs: control=random_direction with control.size or control.source",
    build,
)
