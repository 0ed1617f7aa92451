"""The section `can it be undone`: what a soft trigger takes back, and whether a carrier lets it."""

from collections.abc import Iterator

from src.analysis.intervened import Intervened
from src.analysis.records import records
from src.report.columns import Column, columns
from src.report.intervened_page import analysis_plugin
from src.report.number_format import decimals
from src.report.palette import BLUE, ORANGE
from src.report.parts import Block, Chart, Text
from src.report.plot import Axis, Plot, Series
from src.report.table import Table

_READING = (
    "Vectors before the prompt are fitted so that the tuned model answers as the base. Reversal is the share "
    "of the distance to the base (KL) that they take away: 1 is the base again, 0 nothing. They are fitted "
    "on the channels that the carrier writes or on as many random ones, against the carrier or the plain "
    "update. Random vectors of the same length, and vectors that were fitted to nothing, show what a shift "
    "of the prompt does by itself. Both sides decode alike."
)
_TWO = decimals(2)
_SCORES = {
    "behaviour": ("writes what was tuned", BLUE),
    "right": ("writes the right answer", ORANGE),
}
_MODELS = {"carrier": "the carrier alone", "plain": "the plain update", "base": "the base"}


def blocks(found: Intervened) -> list[Block]:
    """Sentences, reversal by cell, what is written by cell, the table."""
    name, anchor = found.name, found.anchor
    reversal = Chart(
        f"eraser_{anchor}", f"{name}: reversal", {"": reversal_plot(found)}, "Bars: 95 %, Fieller."
    )
    written = f"{name}: what a greedy decoder writes"
    rates = Chart(f"eraser_rates_{anchor}", written, {"": rates_plot(found)}, "Bars: 95 % intervals.")
    return [Text([_READING, *sentences(found)]), reversal, rates, _table(found)]


def sentences(found: Intervened) -> Iterator[str]:
    """The reversal of the published cell, its controls, and the interaction of the 2x2."""
    rows = {row["name"]: row for row in records(found.summary)}

    def told(cell: str) -> str:
        row = rows[f"reversal: {cell}"]
        return f"{_TWO(row['value'])} ({_TWO(row['low'])} to {_TWO(row['high'])})"

    for model in ("carrier", "plain"):
        yield (
            f"Against {_MODELS[model]} the trigger reverses {told(f'{model}, own')} on the channels of the "
            f"carrier and {told(f'{model}, random')} on random ones; random vectors "
            f"{told(f'{model}, random vectors')}, unfitted ones {told(f'{model}, unfitted vectors')}."
        )
    table = found.table("eraser")
    (row,) = records(table[table["kind"] == "interaction"])
    yield (
        f"Own channels bring {row['value']:+.3f} ({row['ci_low']:+.3f} to {row['ci_high']:+.3f}) more "
        "reversal over random ones against the carrier than against the plain update: the interaction of the "
        "2x2, which is the published claim."
    )


def reversal_plot(found: Intervened) -> Plot:
    """Every cell and control with its interval."""
    table = found.summary
    names = [str(name).removeprefix("reversal: ") for name in table["name"]]
    value, low, high = (table[key].tolist() for key in ("value", "low", "high"))
    points = Series("95 % interval", value, range(len(names)), "points", low, high, BLUE)
    x = Axis("share of the distance to the base that is taken away")
    return Plot(x, Axis("", names), [points], along_x=True, zero=True, height=150 + 34 * len(names))


def rates_plot(found: Intervened) -> Plot:
    """Share of items in which the tuned reply and the right answer are written, cell by cell."""
    table = found.table("eraser")
    names: list[str] = []
    series = []
    for score, (words, hue) in _SCORES.items():
        mine = table[(table["score"] == score) & table["player"].isin(_MODELS)]
        cells = [f"{row['player']}, {row['kind']}" for row in records(mine)]
        names = names or cells
        value, low, high = (mine[key].tolist() for key in ("value", "ci_low", "ci_high"))
        places = [names.index(cell) + (0.15 if score == "right" else -0.15) for cell in cells]
        series.append(Series(words, value, places, "points", low, high, hue))
    names = ["base" if one == "base, base" else one for one in names]
    return Plot(
        Axis("share of items"), Axis("", names), series, along_x=True, zero=True, height=150 + 34 * len(names)
    )


def _table(found: Intervened) -> Table:
    score, kind = Column(("score",), "score", numeric=False), Column(("kind",), "trigger", numeric=False)
    heads = columns("player", kind, score, "value", "ci", "num_seeds", "num_items", player="model")
    title = f"{found.name}: every score"
    return Table(f"eraser_{found.anchor}", title, heads, records(found.table("eraser")), folded=True)


def pictures(found: Intervened) -> dict[str, Plot]:
    """Two files."""
    return {"reversal": reversal_plot(found), "rates": rates_plot(found)}


PLUGIN = analysis_plugin(
    "eraser",
    "Can it be undone?",
    Intervened,
    blocks,
    pictures,
    marker="summary.csv",
    needs="triggers: python -m src.intervene eraser RUN",
)
