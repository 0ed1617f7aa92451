"""Two bands that were trained apart, as one model: does one make the other worth more?"""

from collections.abc import Iterator, Sequence

from pandas import DataFrame

from src.analysis.intervened import Intervened
from src.analysis.records import records
from src.report.columns import columns
from src.report.intervened_page import analysis_plugin
from src.report.number_format import decimals, span
from src.report.palette import BLUE
from src.report.parts import Block, Chart, Text
from src.report.plot import Axis, Plot, Series
from src.report.segments.swap import VALUES
from src.report.table import Column, Table

_READING = (
    "Two runs trained different bands of blocks. Here both updates are put into one model. What both bring "
    "together, less what each brings alone, says whether the bands help each other (above 0), do the same "
    "twice (below 0) or add up (0). Bars: 95 % intervals over items, of these weights."
)
_THREE = decimals(3)
_KINDS = {"alone": "this band alone", "gain": "both bands", "superadditivity": "both beyond their sum"}


def blocks(found: Intervened) -> Sequence[Block]:
    """Sentences, a picture a score, the table."""
    rows = found.table("bands")
    chart = Chart(
        f"bands_{found.anchor}", f"{found.name}: two bands in one model", plots(rows), label="score"
    )
    heads = columns(
        Column(("score",), "score", numeric=False), "quantity", Column(("player",), "of", numeric=False),
        "value", "ci", "p_holm", "num_items", value="change",
    )  # fmt: skip
    told = [row | {"quantity": _KINDS[row["kind"]]} for row in records(rows)]
    table = Table(f"bands_all_{found.anchor}", f"{found.name}: both bands in numbers", heads, told)
    return [Text([_READING, *sentences(rows)]), chart, table]


def plots(rows: DataFrame) -> dict[str, Plot]:
    """By score, each quantity with its interval."""
    return {str(score): _plot(one, str(score)) for score, one in rows.groupby("score", sort=False)}


def _plot(rows: DataFrame, score: str) -> Plot:
    rows = rows[rows["kind"].isin(_KINDS)].sort_values("kind", key=lambda kinds: kinds.map([*_KINDS].index))
    names = [_KINDS[one["kind"]] if one["player"] == "both" else one["player"] for one in records(rows)]
    value, low, high = (rows[key].tolist() for key in ("value", "ci_low", "ci_high"))
    series = Series("change", value, range(len(rows)), "points", low, high, BLUE, named=False)
    return Plot(Axis(VALUES[score]), Axis("", names), [series], along_x=True, zero=True, height=300)


def sentences(rows: DataFrame) -> Iterator[str]:
    """One a score."""
    for one in records(rows[rows["kind"] == "superadditivity"]):
        low, high = one["ci_low"], one["ci_high"]
        if low > 0:
            word = "they bring more together than apart"
        else:
            word = "they bring less together than apart" if high < 0 else "whether they add up is undecided"
        yield f"{VALUES[one['score']]}: {_THREE(one['value'])} ({span(_THREE)(low, high)}), {word}."


PLUGIN = analysis_plugin(
    "bands",
    "Two bands in one model",
    Intervened,
    blocks,
    needs="python -m src.intervene bands RUN RUN",
    marker="bands.csv",
)
