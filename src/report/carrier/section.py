"""The section `what carries it`: how sparse a part of the update is enough, and where it lies."""

from collections.abc import Iterator

from pandas import DataFrame, Series

from src.analysis.intervened import Intervened
from src.analysis.records import records
from src.report.carrier.plots import effect_plot, profile_plots
from src.report.columns import Column, columns
from src.report.intervened_page import analysis_plugin
from src.report.number_format import decimals, percent
from src.report.parts import Block, Chart, Text
from src.report.plot import Plot
from src.report.table import Table

_READING = (
    "Every row and column of the update has a mask. As many are switched off as the loss allows: what is "
    "left is the carrier. It is enough if it brings the gain alone, and needed if the gain is lost without "
    "it. A random carrier has as many masks on in every group: what the carrier does beyond it is owed to "
    "which masks they are, and not to how many."
)
_SPREAD = "Ribbons: the lowest and the highest run."
_TWO = decimals(2)


def blocks(found: Intervened) -> list[Block]:
    """Sentences, the profile over depth, effects beside random carriers, the table of fits."""
    name, anchor = found.name, found.anchor
    profile = f"{name}: where in the depth the carrier lies"
    effect = f"{name}: the carrier beside random ones"
    return [
        Text([_READING, *sentences(found)]),
        Chart(f"carrier_profile_{anchor}", profile, profile_plots(found), _SPREAD, "budget"),
        Chart(f"carrier_effect_{anchor}", effect, {"": effect_plot(found)}, "Dots: random carriers."),
        *_tables(found),
    ]


def sentences(found: Intervened) -> Iterator[str]:
    """What was found, a line a budget."""
    fits, over = found.table("fits"), found.table("carrier")
    for rho in dict.fromkeys(fits["rho"]):
        mine = fits[fits["rho"] == rho]
        within = int(mine["within"].sum())
        alone, lost = (_interval(over, kind, rho) for kind in ("sufficiency", "necessity"))
        yield (
            f"Budget {rho:g}: {within} of {len(mine)} fits ended within it; the carrier is "
            f"{percent(float(mine['density'].mean()))} of the entries of the update. "
            f"{_shares(found, rho)} Beyond random carriers it brings {alone} alone, and {lost} more is lost "
            "without it (nats a token)."
        )
    for rho, pairs in _by_budget(found.table("overlap")):
        overlap, random = (_range(pairs[name]) for name in ("jaccard", "random"))
        yield (
            f"Budget {rho:g}: the carriers of two runs overlap by {overlap} (Jaccard; pairs: {len(pairs)}); "
            f"random ones of their sizes by {random}."
        )


def _by_budget(overlaps: DataFrame) -> Iterator[tuple[float, DataFrame]]:
    for rho in dict.fromkeys(overlaps["rho"] if len(overlaps) else ()):
        yield rho, overlaps[overlaps["rho"] == rho]


def _range(values: Series) -> str:
    low, high = (_TWO(float(end)) for end in (values.min(), values.max()))
    return low if low == high else f"{low} to {high}"


def _shares(found: Intervened, rho: float) -> str:
    rows = {row["name"]: row for row in records(found.summary)}
    told = []
    for kind, words in (("sufficiency", "Alone it brings"), ("necessity", "without it are lost")):
        row = rows[f"{kind}_share rho {rho:g}"]
        told.append(f"{words} {_TWO(row['value'])} ({_TWO(row['low'])} to {_TWO(row['high'])}) of the gain")
    return f"{', '.join(told)}."


def _interval(table: DataFrame, kind: str, rho: float) -> str:
    chosen = table[(table["kind"] == f"{kind}_over_random") & (table["player"] == f"rho {rho:g}")]
    (row,) = records(chosen)
    return f"{row['value']:+.3f} ({row['ci_low']:+.3f} to {row['ci_high']:+.3f})"


def _tables(found: Intervened) -> Iterator[Table]:
    heads = columns(
        "run",
        Column(("rho",), "budget", _TWO),
        "density",
        "baseline",
        Column(("loss",), "loss after", decimals(4)),
        *("price_of_all", "sufficiency", "random_sufficiency", "necessity", "random_necessity"),
    )
    rows = records(found.table("fits"))
    yield Table(f"carrier_{found.anchor}", f"{found.name}: fits", heads, rows)


def pictures(found: Intervened) -> dict[str, Plot]:
    """Two files, and one more a budget."""
    profiles = {f"profile-{key.replace(' ', '-')}": plot for key, plot in profile_plots(found).items()}
    return {"effect": effect_plot(found)} | profiles


PLUGIN = analysis_plugin(
    "carrier",
    "What carries it",
    Intervened,
    blocks,
    pictures,
    marker="summary.csv",
    needs="a carrier: python -m src.intervene carrier RUN",
)
