"""Predictors over models as a section and as a page of its own."""

from collections.abc import Iterator

from pandas import DataFrame

from src.analysis.intervened import Intervened
from src.analysis.records import records
from src.report.columns import Column, columns
from src.report.intervened_page import analysis_plugin
from src.report.number_format import decimals, signed, span
from src.report.palette import BLUE, ORANGE
from src.report.parts import Block, Chart, Text
from src.report.plot import Axis, Plot, Series
from src.report.table import Table

TARGET = "path"
"""The share of the gain, of which the picture and the sentences speak."""
_READING = (
    "Of every model one profile over its blocks says what the block carries of the gain of tuning, measured "
    "by running the model with and without the block's update. Others were seen without doing so: how far "
    "weights or states moved, what a gradient says. Within a model each of them is compared with the first: "
    "rho is 1 where both order the blocks alike, and 0 where one says nothing of the other. All intervals "
    "are over models, so what rows and seeds add is in them."
)
_NOTE = "Bars: 95 % intervals over models. Given depth: of what a parabola over depth leaves of both."
_SPAN = span(signed(2))


def blocks(found: Intervened) -> list[Block]:
    """Sentences, a picture a control, tables."""
    told, models = found.table("predictors"), found.table("models")
    text = Text([_READING, *sentences(told, models, found.summary)])
    made: list[Block] = [text]
    if drawn := plots(told):
        title = f"{found.name}: what tells where the gain sits"
        made.append(Chart(f"predictors_{found.anchor}", title, drawn, _NOTE, "control"))
    return [*made, *_tables(found, told, models)]


def plots(told: DataFrame) -> dict[str, Plot]:
    """By control: rho with the share of the gain, as it is and given depth."""
    return {str(control): _plot(one) for control, one in told[told["target"] == TARGET].groupby("control")}


def _plot(told: DataFrame) -> Plot:
    told = told.sort_values("rho", ascending=False)
    series = []
    for name, hue, shift, keys in (
        ("rho", BLUE, -0.12, ("rho", "low", "high")),
        ("given depth", ORANGE, 0.12, ("partial", "partial_low", "partial_high")),
    ):
        value, low, high = (told[key].tolist() for key in keys)
        series.append(
            Series(name, value, [place + shift for place in range(len(told))], "points", low, high, hue)
        )
    x, y = Axis("rank correlation with the share of the gain"), Axis("", list(told["predictor"]))
    return Plot(x, y, series, along_x=True, zero=True, height=160 + 34 * len(told))


def sentences(told: DataFrame, models: DataFrame, places: DataFrame) -> Iterator[str]:
    """By control: how many models, what tells most and what nothing does, where the gain sits."""
    for control, mine in models.groupby("control"):
        used = int(mine["used"].sum())
        yield f"control={control}: {used} of {len(mine)} models have a gain whose interval leaves 0 out."
        found = records(told[(told["control"] == control) & (told["target"] == TARGET)])
        tell = [one for one in found if one["p_holm"] < 0.05]
        for one in sorted(tell, key=lambda one: -abs(one["rho"])):
            word = "more of the gain" if one["rho"] > 0 else "less of the gain"
            beyond = (
                "also beyond depth" if one["partial_low"] * one["partial_high"] > 0 else "not beyond depth"
            )
            yield (
                f"Where {one['predictor'].replace('_', ' ')} is larger, a block carries {word}: rho "
                f"{one['rho']:+.2f} ({_SPAN(one['low'], one['high'])}), {beyond}."
            )
        if found and not tell:
            yield "No observed profile tells where the gain sits."
        for one in records(places[(places["control"] == control) & (places["name"] == "middle_share")]):
            yield (
                f"The middle three fifths of the depth carry {one['value']:.2f} of the gain "
                f"({span(decimals(2))(one['low'], one['high'])}); 0.6 would be an even spread."
            )


def _tables(found: Intervened, told: DataFrame, models: DataFrame) -> Iterator[Table]:
    heads = columns(
        "control", Column(("predictor",), "profile", numeric=False),
        Column(("target",), "against", numeric=False),
        "rho", "ci", "p_holm", Column(("spread",), "spread of models", decimals(2)),
        Column(("partial_low", "partial_high"), "given depth, 95 %", _SPAN),
        Column(("regret_low", "regret_high"), "regret, 95 %", span(decimals(2))), "num_models",
    )  # fmt: skip
    rows = [one | {"ci_low": one["low"], "ci_high": one["high"]} for one in records(told)]
    yield Table(f"predictors_all_{found.anchor}", f"{found.name}: every profile over models", heads, rows)
    heads = columns(
        "control", Column(("model",), "model", numeric=False), "num_seeds", "value", "ci",
        Column(("additivity",), "parts add up", decimals(2)), value="gain, nats a token", num_seeds="runs",
    )  # fmt: skip
    rows = [
        one | {"value": one["gain"], "ci_low": one["gain_low"], "ci_high": one["gain_high"],
               "num_seeds": one["num_runs"]}
        for one in records(models)
    ]  # fmt: skip
    yield Table(f"predictors_models_{found.anchor}", f"{found.name}: the models", heads, rows, folded=True)


def pictures(found: Intervened) -> dict[str, Plot]:
    """A file a control."""
    return {f"rho-{control}": plot for control, plot in plots(found.table("predictors")).items()}


PLUGIN = analysis_plugin(
    "predictors",
    "What tells where the gain sits",
    Intervened,
    blocks,
    pictures,
    facts=lambda found: {"runs": str(found.about["runs"])},
    needs="python -m src.intervene predictors RUNS",
)
