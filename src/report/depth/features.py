"""Published features of depth with and without massive tokens, beside a random push."""

from collections.abc import Mapping

import numpy

from src.analysis.depth.features import feature_rows, several_readings, without_last
from src.analysis.depth.groups import Group, groups
from src.analysis.material import Material
from src.report.columns import columns
from src.report.palette import BLUE, PUSH
from src.report.parts import Block, Chart, Section
from src.report.plot import Axis, Plot, Series
from src.report.sections.layer_profiles import READINGS
from src.report.table import Table
from src.statistics.student import mean_interval

_METRIC = "procrustes_distance"
_NOTE = (
    "Layers 1 to L-1. dip, end: logarithm of the mean Procrustes distance of early (0.1-0.4) over middle "
    "(0.4-0.8) depth, and of late (0.8-1) over middle. fall: debiased CKA of the first 60 % less that of "
    "the last 20 %. rise: relative slope of the mean shift. peak: logarithm of the largest published "
    "effective rank over that of layer L-1. norm: logarithm of the spectral norm of layer L-1 over its "
    "median. r: weight change with cosine similarity over layers. there: the 95 % interval over seeds lies "
    "on the published side of 0 (peak: of ln 2). excess: trained less push, paired by seed."
)
_CHART = "Each profile over its own mean. Ribbons: 95 % over seeds, each with its own rows and direction."


def build(material: Material) -> list[Block]:
    """A figure a model and data set, and the table of features; nothing of runs with one reading."""
    if not several_readings(material):
        return []
    choices = {
        f"{name}: {panel.caption}": panel for name, plot in _plots(material).items()
        for panel in (plot, *plot.beside)
    }  # fmt: skip
    rows = material.get(feature_rows)
    others = ["others"] if any(row["others"] for row in rows) else []
    heads = columns(
        "label", "data", *others, "feature", "reading", "side", "value", "ci", "num_seeds", "verdict",
        value="mean", verdict="published feature",
    )  # fmt: skip
    charts: list[Block] = [Chart("readings", "With and without massive tokens", choices, _CHART)]
    return [*(charts if choices else []), Table("depth_features", SECTION.title, heads, rows, _NOTE, True)]


def pictures(material: Material) -> Mapping[str, Plot]:
    """readings_MODEL_DATA: the Procrustes distance of every reading side by side."""
    found = _plots(material) if several_readings(material) else {}
    return {f"readings_{name.replace(', ', '_')}": plot for name, plot in found.items()}


def _plots(material: Material) -> dict[str, Plot]:
    found = {}
    for group, null in material.get(groups):
        panels = [_panel(reading, group, null) for reading in group.readings if "-" not in reading]
        panels = [panel for panel in panels if panel.series]
        if panels:
            first, *beside = panels
            found[group.name] = Plot(first.x, first.y, first.series, caption=first.caption, beside=beside)
    return found


def _panel(reading: str, group: Group, null: Group | None) -> Plot:
    series = [
        found for name, hue, one in (("random push, no training", PUSH, null), ("trained", BLUE, group))
        if one is not None and (found := _line(name, hue, one, reading)) is not None
    ]  # fmt: skip
    title = "Procrustes distance over its mean"
    return Plot(
        Axis("relative depth", limits=(0, 1)), Axis(title), series, caption=READINGS.get(reading, reading)
    )


def _line(name: str, hue: str, group: Group, reading: str) -> Series | None:
    """Mean over draws of each run's profile over its own mean; None where a run lacks it."""
    if reading not in group.readings:
        return None
    profiles = [without_last(run, reading).get((_METRIC, "change")) for run in group.runs.values()]
    known = [one for one in profiles if one is not None and one.value.mean() > 0]
    if not known:
        return None
    value, low, high = mean_interval(numpy.stack([one.value / one.value.mean() for one in known]))
    low = numpy.maximum(low, 0.0)  # a distance is not below 0
    draws = f"{name} ({len(known)} seeds)"
    return Series(draws, list(known[0].depth), list(value), "line", list(low), list(high), hue)


SECTION = Section(
    "Published features by the tokens that are read", "several readings: probe.tokens=all+no_massive", build
)
