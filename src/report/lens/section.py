"""The section of the lens: where both models part, when the answer appears, what a layer holds."""

from collections.abc import Iterator, Sequence

from src.analysis.lens_tables import LensTables
from src.analysis.records import records
from src.report.columns import Column, columns
from src.report.intervened_page import analysis_plugin
from src.report.number_format import count, decimals, span
from src.report.palette import BLUE, GREY, ORANGE, SLATE
from src.report.parts import Block, Chart, Text
from src.report.plot import Axis, Plot, Series
from src.report.table import Table

_READING = (
    "The output head is put on every layer, as if the model ended there: does the base already say what the "
    "tuned model says, and from which layer on is the answer there? A map, fitted on other rows, shows what "
    "a layer holds even where the head cannot read it as it is."
)
_LAYERS = Column(("ci_low", "ci_high"), "95 % interval", span(decimals(1)))
_NOTE = "Ribbons: 95 % intervals over items (and seeds, of several). Layer 0: the embeddings."
_LINES = {
    "agreement": ("share of positions with the same likeliest token", [
        ("lens_pair_agreement", "change", "base and tuned model", BLUE, "solid")]),
    "divergence": ("Jensen-Shannon divergence, nats", [
        ("lens_pair_js", "change", "base against tuned model", BLUE, "solid")]),
    "answer": ("log-probability of the answer, nats", [
        ("lens_answer_logp", "base", "base", GREY, "dash"),
        ("lens_answer_logp", "tuned", "tuned", BLUE, "solid")]),
    "answer, change": ("log-probability of the answer, tuned minus base, nats", [
        ("lens_answer_logp", "change", "tuned minus base, item by item", BLUE, "solid")]),
    "exits": ("share of right tokens", [
        ("early_exit_accuracy", "base", "base, as it is", GREY, "dash"),
        ("ridge_exit_accuracy", "base", "base, through a map", SLATE, "solid"),
        ("early_exit_accuracy", "tuned", "tuned, as it is", ORANGE, "dash"),
        ("ridge_exit_accuracy", "tuned", "tuned, through a map", BLUE, "solid"),
        ("ridge_exit_accuracy", "base_map", "tuned, through the base's map", BLUE, "dot")]),
}  # fmt: skip


def plots(tables: LensTables) -> dict[str, Plot]:
    """One figure a question."""
    return {key: _plot(tables, title, lines) for key, (title, lines) in _LINES.items()}


def blocks(tables: LensTables) -> list[Block]:
    """Sentences, figures, tables."""
    anchor = tables.anchor
    chart = Chart(f"lens_{anchor}", f"{tables.name}: layer by layer", plots(tables), _NOTE, "question")
    return [Text([_READING, *tables.about["words"]]), chart, *_tables(tables, anchor)]


def _plot(tables: LensTables, title: str, lines: Sequence[tuple[str, str, str, str, str]]) -> Plot:
    series = []
    for metric, side, name, hue, dash in lines:
        found = tables.curve(metric, side)
        x, y, low, high = (found[key].tolist() for key in ("layer", "value", "ci_low", "ci_high"))
        series.append(Series(name, x, y, low=low, high=high, hue=hue, dash=dash))
    return Plot(Axis("layer, from input to output"), Axis(title), series)


def _tables(tables: LensTables, anchor: str) -> Iterator[Table]:
    side = Column(("side",), "model", numeric=False)
    heads = [side, Column(("median",), "layer (median)", decimals(1)), _LAYERS, *columns("num_items")]
    rows = [row | {"ci_low": row["low"], "ci_high": row["high"]} for row in records(tables.emergence)]
    yield Table(f"emergence_{anchor}", f"{tables.name}: where the answer emerges", heads, rows)
    heads = [
        Column(("item",), "item", numeric=False), side, Column(("layer",), "layer", count),
        Column(("token",), "likeliest token", repr, numeric=False),
        Column(("probability",), "its probability", decimals(3)),
    ]  # fmt: skip
    note = "Examples to look at: nothing is averaged here."
    rows = records(tables.examples)
    yield Table(f"examples_{anchor}", f"{tables.name}: some answers", heads, rows, note, folded=True)


def pictures(tables: LensTables) -> dict[str, Plot]:
    """A file a figure."""
    return {key.replace(", ", "_"): plot for key, plot in plots(tables).items()}


PLUGIN = analysis_plugin("lens", "When the answer appears", LensTables, blocks, pictures)
