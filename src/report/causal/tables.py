"""The tables of a causal profile, in the words of whoever reads a page."""

from collections.abc import Iterator, Mapping
from typing import Any

from src.analysis.causal_profile import DIFFERENCE, CausalProfile
from src.analysis.records import records
from src.report.columns import Column, columns
from src.report.intervened_page import quantity_table
from src.report.number_format import decimals, signed, span
from src.report.table import Table

_KINDS = {
    "gain": "the whole change", "shapley": "share of a fifth of the depth",
    "pair": "two fifths together, beyond their sum", "alone": "one block alone tuned",
    "left_out": "lost without one block", "path": "share of one block",
    "below": "all blocks below tuned", "above": "this block and all above tuned",
    "interaction": "what late blocks gain from tuned early ones",
    "slope_at_base": "slope at the base", "slope_at_tuned": "slope at the tuned model",
    "noise": "control: noise of the same size", "permuted": "control: its numbers in random order",
    "wrong_block": "control: another block's update", "other_seed": "control: the block of another run",
    "equal_norm": "control: all blocks moved equally far", "amplified": "control: its update times 1.5",
    "chosen": "a fifth of the blocks, chosen by a profile",
}  # fmt: skip
_PLACES = {
    "relative_slope": "rise from input to output, over their mean",
    "centre": "where their centre lies (0 input, 1 output)",
    "width": "how far they spread (0.5: evenly)",
}
_SUMMARIES = {
    "middle_share": "share of the middle three fifths (0.6: even)",
    "middle_known_to": "the middle is known to this share of the change",
    "items_for_a_tenth": "items that would tell it to a tenth",
}
_SCORES = {
    "logp": "right answer", "english": "English", "exact": "right completions",
    DIFFERENCE: "gain against forgetting",
}  # fmt: skip
_NOTE = (
    "rho: 1 where both order the blocks alike, 0 where one says nothing of the other. Effective blocks: "
    "neighbours are alike, so a profile is worth that many independent ones; the interval is over blocks. "
    "Over rows and seeds: of these very blocks, both profiles made anew. A run keeps one number of a layer "
    "and not its rows, so only what is made of the slope is drawn anew over rows on both sides; the other "
    "profiles are over seeds alone. Empty where a profile is mostly noise. Given depth: of what a parabola "
    "over depth leaves of both. Regret: 0 where the fifth of the blocks that the profile chooses brings as "
    "much as the best, 1 as random ones do."
)
_TWO = decimals(2)


def tables(profile: CausalProfile, anchor: str) -> Iterator[Table]:
    """Every quantity; the profile in few numbers; what was seen beforehand, by block and by fifth."""
    score, told = Column(("score",), "score", numeric=False), profile.quantities.replace({"score": _SCORES})
    yield quantity_table(f"causal_{anchor}", f"{profile.name}: every quantity", told, _KINDS)
    what = Column(("name",), "what", numeric=False, wide=True)
    heads = columns(what, score, "value", "ci", value="ratio")
    rows = [
        row
        | {
            "name": _in_words(row["name"]),
            "score": _scored(row),
            "ci_low": row["low"],
            "ci_high": row["high"],
        }
        for row in records(profile.summary)
        if not row["name"].startswith("block ")
    ]
    yield Table(f"causal_summary_{anchor}", f"{profile.name}: the profile in few numbers", heads, rows)
    rows = sorted(map(_named, records(profile.predictions)), key=lambda row: row["target"] != _KINDS["path"])
    redrawn = "rows_low" in profile.predictions
    asked = "regret" in profile.predictions and profile.predictions["regret"].notna().any()
    heads = columns(
        Column(("predictor",), "profile", numeric=False, wide=True),
        Column(("target",), "against", numeric=False),
        "rho",
        "ci",
        *(
            [Column(("rows_low", "rows_high"), "over rows and seeds, 95 %", span(signed(2)))]
            if redrawn
            else []
        ),
        "p_holm",
        Column(("effective_n",), "effective blocks", decimals(1)),
        Column(("partial",), "given depth", signed(2)),
        *([Column(("regret",), "regret", _TWO)] if asked else []),
    )
    if rows:
        title = f"{profile.name}: observed profiles against it"
        yield Table(f"causal_predictors_{anchor}", title, heads, rows, _NOTE)
    heads = columns(
        Column(("predictor",), "profile", numeric=False),
        Column(("fifths",), "largest in", numeric=False),
        *columns("value", "ci", "p_holm", "rho", value="carried beyond the others, nats a token"),
    )
    rows = [_named(row) for row in records(profile.fifths)]
    if rows:
        title = f"{profile.name}: do fifths carry more where a profile is large?"
        yield Table(f"causal_largest_{anchor}", title, heads, rows, folded=True)


def _in_words(name: str) -> str:
    """A summary by what it is: where shares of blocks lie, or what a control brings."""
    for kind, whose in (("path_", "the blocks' shares"), ("alone_", "blocks alone")):
        if name.startswith(kind) and (told := _PLACES.get(name.removeprefix(kind))):
            return f"{whose}: {told}"
    if name.endswith("_over_alone"):
        return f"{_KINDS[name.removesuffix('_over_alone')]}, over what the blocks bring alone"
    return _SUMMARIES.get(name, name.replace("_", " "))


def _named(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of a profile against what was found, with its interval and its name as tables have them."""
    told = {"ci_low": row["low"], "ci_high": row["high"], "predictor": row["predictor"].replace("_", " ")}
    target = {"target": _KINDS[row["target"]]} if "target" in row else {}
    return {**row, **told, **target}


def _scored(row: Mapping[str, Any]) -> str:
    return _SCORES.get(row["score"], row["score"])
