"""What each segment carries into the base, and takes out of the tuned model."""

from collections.abc import Iterator

from pandas import DataFrame

from src.analysis.intervened import Intervened
from src.analysis.records import records
from src.analysis.references import load_references
from src.report.columns import columns
from src.report.intervened_page import analysis_plugin
from src.report.number_format import decimals, signed, significant, span
from src.report.palette import BLUE, ORANGE
from src.report.parts import Block, Chart, Text
from src.report.plot import Axis, Plot, Series
from src.report.table import Column, Table

VALUES = {
    "logp": "right answer, nats a token",
    "exact": "right answers, share of rows",
    "english": "English forgotten, nats a byte",
}
_DIRECTIONS = (("tuned into base", BLUE), ("base into tuned", ORANGE))
_READING = (
    "Each segment of the depth was exchanged whole: put from the tuned model into the base, and from the "
    "base into the tuned model. Values are changes against the receiver, item by item; bars: 95 % intervals."
)
_PUBLISHED = "depth_profiles_sft/swapping_shape"


def blocks(found: Intervened) -> list[Block]:
    """Sentences, a picture of every score, tables."""
    anchor, rows, paper = found.anchor, found.table("swap"), found.table("swap_paper")
    made: list[Block] = []
    if len(rows):
        plots = {score: swap_plot(rows, score) for score in dict.fromkeys(rows["score"])}
        made += [Text([_READING, *sentences(rows)])]
        made += [Chart(f"swap_{anchor}", f"{found.name}: segments exchanged", plots, label="score")]
        made += [all_rows("swap", found.name, anchor, rows, "exchange")]
    if len(paper):
        made += [paper_table("swap", found.name, anchor, paper)]
    return made


def swap_plot(rows: DataFrame, score: str) -> Plot:
    """Effects of every segment, both directions, a dash a head."""
    mine = rows[(rows["score"] == score) & rows["player"].str.startswith("blocks")]
    names = list(dict.fromkeys(mine["player"]))
    series = []
    for place, kind in enumerate(dict.fromkeys(mine["kind"])):
        effects = mine[mine["kind"] == kind]
        hue = next(hue for direction, hue in _DIRECTIONS if kind.startswith(direction))
        shift = 0.12 * (place - (mine["kind"].nunique() - 1) / 2)
        x = [names.index(player) + shift for player in effects["player"]]
        y, low, high = (effects[key].tolist() for key in ("value", "ci_low", "ci_high"))
        series.append(Series(kind, x, y, "points", low, high, hue, symbol=_symbol(kind)))
    return Plot(Axis("segment, from input to output", names), Axis(VALUES[score]), series, zero=True)


def sentences(rows: DataFrame) -> Iterator[str]:
    """The inverted U as a contrast, and what the published words were."""
    told = {one.label: one.number.note for one in load_references()}.get(_PUBLISHED)
    mine = rows[(rows["score"] == "logp") & rows["kind"].str.startswith("contrast")]
    for one in records(mine):
        side = one["kind"].removeprefix("contrast, ")
        low, high = one["ci_low"], one["ci_high"]
        told_as = f"{signed(3)(one['value'])} ({span(signed(3))(low, high)}) nats a token"
        yield f"Inner segments minus the two outer ones, {side}: {told_as}. {_verdict(low, high)}"
    if told:
        yield f"Published, one direction, two blocks of each segment, 50 texts: {told}."


def paper_table(kind: str, name: str, anchor: str, paper: DataFrame) -> Table:
    """Whole-text token accuracy and perplexity, as published without an interval."""
    heads = [
        Column(("run",), "run", numeric=False),
        Column(("head",), "head", numeric=False),
        Column(("variant",), "variant", numeric=False),
        Column(("accuracy_paper",), "token accuracy", decimals(3)),
        Column(("perplexity_paper",), "perplexity", significant(4)),
        Column(("num_rows",), "texts"),
    ]
    title = f"{name}: as published, whole texts, no interval"
    return Table(f"{kind}_paper_{anchor}", title, heads, records(paper), folded=len(paper) > 30)


def all_rows(kind: str, name: str, anchor: str, rows: DataFrame, what: str) -> Table:
    """Every quantity with its interval, folded; `what` it is one of, in a word."""
    score, of = Column(("score",), "score", numeric=False), Column(("player",), "of", numeric=False)
    heads = columns(score, "kind", of, "value", "ci", "p_holm", "num_seeds", "num_items", value="change")
    return Table(f"{kind}_{anchor}", f"{name}: every {what}", heads, records(rows), folded=True)


def _verdict(low: float, high: float) -> str:
    if low > 0:
        return "The inner ones carry more, as the published inverted U has it."
    return "The outer ones carry more." if high < 0 else "Which carry more is undecided."


def _symbol(kind: str) -> str:
    head = kind.split(", ")[-1].removesuffix(" head")
    return {"own": "circle", "base": "square", "tuned": "diamond"}[head]


PLUGIN = analysis_plugin(
    "swap",
    "Segments swapped",
    Intervened,
    blocks,
    needs="exchanged segments: python -m src.intervene swap RUN",
)
