"""The figures of a carrier."""

from collections.abc import Mapping

from src.analysis.intervened import Intervened
from src.report.palette import BLUE, ORANGE, SLATE
from src.report.plot import Axis, Plot, Series

HALVES = {"attention": ("attention", BLUE, "solid"), "feed_forward": ("feed-forward", ORANGE, "dash")}


def profile_plots(found: Intervened) -> dict[str, Plot]:
    """By budget the share of masks that are on, block by block; a ribbon spans the runs."""
    table = found.table("profile")
    table = table[table["measure"] == "active"]
    table = table.assign(half=table["kind"].str.partition(".")[0])
    plots = {}
    for rho, one in table.groupby("rho", sort=False):
        by_run = one.groupby(["half", "block", "run"])["share"].mean()
        spread = by_run.groupby(["half", "block"]).agg(["mean", "min", "max"]).reset_index()
        series = []
        for half, (name, hue, dash) in HALVES.items():
            mine = spread[spread["half"] == half]
            x, y, low, high = (mine[key].tolist() for key in ("block", "mean", "min", "max"))
            series.append(Series(name, x, y, low=low, high=high, hue=hue, dash=dash))
        axis = Axis("share of masks that are on", limits=(0, 1))
        plots[f"budget {rho:g}"] = Plot(Axis("block, from input to output"), axis, series)
    return plots


def effect_plot(found: Intervened) -> Plot:
    """What each carrier brings alone and what is lost without it, beside random ones of its size."""
    random = found.table("random")
    draws = random[random["carrier"] != "carrier"]
    carriers = random[random["carrier"] == "carrier"]
    lines = [(rho, kind) for rho in dict.fromkeys(random["rho"]) for kind in WORDS]
    names = [f"{WORDS[kind]}, budget {rho:g}" for rho, kind in lines]
    series = []
    for label, rows, mark, hue in (
        ("random carriers", draws, "dots", SLATE),
        ("carrier", carriers, "points", BLUE),
    ):
        values = [rows.loc[rows["rho"] == rho, kind].tolist() for rho, kind in lines]
        places = [place for place, some in enumerate(values) for _ in some]
        series.append(Series(label, [one for some in values for one in some], places, mark, hue=hue))
    axis = Axis("right answer, nats a token")
    return Plot(axis, Axis("", names), series, along_x=True, zero=True, height=150 + 50 * len(names))


WORDS: Mapping[str, str] = {"sufficiency": "alone it brings", "necessity": "lost without it"}
