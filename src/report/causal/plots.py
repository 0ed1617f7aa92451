"""The figures of a causal profile."""

from math import inf

from pandas import DataFrame

from src.analysis.causal_profile import CausalProfile
from src.analysis.records import records
from src.method.spans import spans
from src.report.palette import BLUE, ORANGE, SLATE
from src.report.plot import Axis, Plot, Series, Strip

LINES = {
    "path": ("its share of the whole change", BLUE, "solid"),
    "alone": ("with this block alone tuned", ORANGE, "dash"),
    "left_out": ("lost without this block", SLATE, "dot"),
}
SPARED = "spared without this block"
"""In place of lost, of English: forgetting that does not happen when the block stays as it was."""
VALUES = {
    "logp": "right answer, nats a token",
    "english": "English forgotten, nats a byte",
    "exact": "right completions, share of rows",
}


def profile_plot(profile: CausalProfile, score: str) -> Plot:
    """What each block carries, with bands of 95 % for each curve; the trained blocks in a strip below."""
    found = {kind: profile.by_block(score, kind) for kind in LINES}
    series = [_line(one, kind, score) for kind, one in found.items() if len(one)]
    strip = Strip(BLUE, [(first - 0.5, last + 0.5) for first, last in spans(profile.trained)])
    return Plot(
        Axis("block, from input to output (strip: trained)"),
        Axis(VALUES[score]),
        series,
        strips=[strip],
        zero=True,
        caption="bands: each holds its whole curve in 95 %",
    )


def share_plot(profile: CausalProfile, score: str) -> Plot:
    """Fair shares of fifths of the depth."""
    found = profile.of(score, "shapley")
    value, low, high = (found[name].tolist() for name in ("value", "ci_low", "ci_high"))
    share = Series("share", value, range(len(found)), "points", low, high, BLUE, named=False)
    x, y = Axis(f"share of the change: {VALUES[score]}"), Axis("", list(found["player"]))
    return Plot(x, y, [share], along_x=True, zero=True, height=140 + 34 * len(found))


def difference_plot(profile: CausalProfile) -> Plot | None:
    """Each block's share of the gain minus its share of forgetting; None where one of them was not found."""
    found = profile.differences
    if found.empty:
        return None
    x = found["name"].str.removeprefix("block ").astype(int).tolist()
    y, low, high = (found[key].tolist() for key in ("value", "low", "high"))
    line = Series("share of the gain minus share of forgetting", x, y, low=low, high=high, hue=BLUE)
    return Plot(Axis("block, from input to output"), Axis("difference of shares"), [line], zero=True)


def predictor_plots(profile: CausalProfile) -> dict[str, Plot]:
    """Each observed profile against the share of the gain, a point a block."""
    causal = profile.by_block("logp", "path").set_index("block")["value"]
    plots = {}
    for name, one in profile.observed.groupby("predictor", sort=False):
        one = one[one["block"].isin(causal.index)]
        x, y = one["value"].tolist(), causal.loc[one["block"]].tolist()
        texts = [f"block {block}" for block in one["block"]]
        points = Series("block", x, y, "points", hue=BLUE, texts=texts, named=False)
        axis, told = Axis(str(name).replace("_", " ")), _agreement(profile, str(name))
        plots[str(name)] = Plot(
            axis, Axis("share of the gain, nats a token"), [points], zero=True, caption=told
        )
    return plots


def _line(found: DataFrame, kind: str, score: str) -> Series:
    name, hue, dash = LINES[kind]
    if kind == "left_out" and score == "english":
        name = SPARED
    x, y, low, high = (found[key].tolist() for key in ("block", "value", "band_low", "band_high"))
    return Series(name, x, y, low=low, high=high, hue=hue, dash=dash)


def _agreement(profile: CausalProfile, name: str) -> str:
    table = profile.predictions
    found = records(table[(table["predictor"] == name) & (table["target"] == "path")])
    if not found or found[0]["rho"] != found[0]["rho"]:
        return "no correlation: one of the two is the same at all blocks"
    one = found[0]
    told = (
        f"rho {one['rho']:+.2f} ({one['low']:+.2f} to {one['high']:+.2f}), as {one['effective_n']:.0f} "
        "independent blocks would tell it"
    )
    if one["regret"] != one["regret"]:
        return told
    ends = f" ({one['regret_low']:.2f} to {one['regret_high']:.2f})" if one["regret_low"] > -inf else ""
    return f"{told}; regret {one['regret']:.2f}{ends}: 0 as the best fifth of the blocks, 1 as a random one"
