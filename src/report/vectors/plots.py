"""The figures of patching and steering."""

from pandas import DataFrame

from src.analysis.vector_tables import VectorTables
from src.report.palette import BLUE, ORANGE, SLATE, in_order
from src.report.plot import Axis, Plot, Series

SHARE = "share of the gain (1: the tuned model)"
ACTIONS = {
    "best_oracle": ("each place's own difference, an upper bound", ORANGE, "dash"),
    "best_fixed": ("the mean difference", BLUE, "solid"),
    "best_random": ("random directions, as much", SLATE, "dot"),
}


def patch_plot(tables: VectorTables) -> Plot:
    """What the mean shift of each block brings, a line a size."""
    found = tables.shares("patched")
    parts = found["player"].str.extract(r"block (\d+), alpha (.+)")
    found = found.assign(block=parts[0].astype(int), alpha=parts[1])
    series = [
        _line(f"alpha {alpha}", one, "block", in_order(place).hue, in_order(place).dash)
        for place, (alpha, one) in enumerate(found.groupby("alpha", sort=False))
    ]
    return Plot(Axis("block, from input to output"), Axis(SHARE), series, zero=True)


def rank_plot(tables: VectorTables) -> Plot:
    """What the best block brings by the number of directions, for each action."""
    series, ranks = [], list(tables.shares("best_fixed")["player"].str.removeprefix("rank "))
    for kind, (name, hue, dash) in ACTIONS.items():
        found = tables.shares(kind)
        found = found.assign(place=[ranks.index(one.removeprefix("rank ")) for one in found["player"]])
        series.append(_line(name, found, "place", hue, dash))
    return Plot(Axis("directions", ranks), Axis(SHARE), series, zero=True)


def block_plot(tables: VectorTables) -> Plot:
    """What all directions bring at each block."""
    series = []
    for kind in ("oracle", "fixed"):
        found = tables.shares(kind)
        parts = found["player"].str.extract(r"block (\d+), rank (.+)")
        found = found.assign(block=parts[0].astype(int))[parts[1] == "all"]
        series.append(_line(ACTIONS[f"best_{kind}"][0], found, "block", *ACTIONS[f"best_{kind}"][1:]))
    return Plot(Axis("block, from input to output"), Axis(SHARE), series, zero=True)


def _line(name: str, found: DataFrame, along: str, hue: str, dash: str) -> Series:
    x, y, low, high = (found[key].tolist() for key in (along, "value", "low", "high"))
    return Series(str(name), x, y, low=low, high=high, hue=hue, dash=dash)
