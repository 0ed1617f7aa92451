"""The section `where the gain sits`: it reads well for someone who has never heard of Shapley."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from src.analysis.causal_profile import DIFFERENCE, CausalProfile
from src.analysis.records import records
from src.report.causal import trained
from src.report.causal.plots import difference_plot, predictor_plots, profile_plot, share_plot
from src.report.causal.tables import tables
from src.report.intervened_page import analysis_plugin, facts_of
from src.report.number_format import decimals, percent, span
from src.report.parts import Block, Chart, Text
from src.report.plot import Plot
from src.statistics.cooperative_game import ADDS_UP, MOSTLY

_READING = (
    "Every block was run with its tuning update and without it, in many combinations. A block that helps "
    "alone is enough by itself; one whose loss hurts is needed beside the others. A share is what a part "
    "adds on average over all orders in which parts could join (of fifths Shapley's value, of blocks the "
    "integral along the path from base to tuned): shares sum to the whole change."
)
_APART = "Ribbon: 95 % intervals, block by block. Above 0 the block has more of the gain than of forgetting."
_TWO = decimals(2)
_ENOUGH = 0.1
"""Of the change: how well the middle should be known."""
_NOTE = "Ribbons: each holds its whole curve with 95 %; p (Holm) in the table is corrected over all blocks."
_UNITS = {"logp": "nats a token", "english": "nats a byte", "exact": "of the rows"}
_TITLES = {
    "logp": "the gain, block by block", "exact": "right completions, block by block",
    "english": "forgetting, block by block",
}  # fmt: skip
_WORDS = {
    "logp": "raises the right answers by", "exact": "gives right completions to", "english": "costs English",
}  # fmt: skip


def blocks(profile: CausalProfile) -> list[Block]:
    """Sentences, pictures with the task above and forgetting below, tables."""
    name, anchor = profile.name, profile.anchor
    charts = [
        Chart(f"causal_{score}_{anchor}", f"{name}: {title}", {score: profile_plot(profile, score)}, _NOTE)
        for score, title in _TITLES.items()
        if len(profile.of(score, "alone", "path"))
    ]
    if apart := difference_plot(profile):
        title = f"{name}: does the gain sit where forgetting does?"
        charts.append(Chart(f"causal_difference_{anchor}", title, {"share": apart}, _APART))
    shares = {score: share_plot(profile, score) for score in profile.scores}
    found: list[Block] = [Text([_READING, *sentences(profile)]), *charts]
    found.append(
        Chart(f"causal_fifths_{anchor}", f"{name}: shares of fifths of the depth", shares, label="score")
    )
    if plots := predictor_plots(profile):
        title = f"{name}: do other profiles tell where the gain sits?"
        found.append(Chart(f"causal_predictors_{anchor}", title, plots, label="profile"))
    return [*found, *tables(profile, anchor)]


def sentences(profile: CausalProfile) -> Iterator[str]:
    """What was found, in words."""
    for score in profile.scores:
        (gain,) = records(profile.of(score, "gain"))
        over = f"{gain['num_seeds']:.0f} seeds and " if gain["num_seeds"] > 1 else ""
        ends = span(decimals(3))(gain["ci_low"], gain["ci_high"])
        yield (
            f"Tuning {_WORDS[score]} {gain['value']:.3f} {_UNITS[score]} ({ends}, 95 % over {over}"
            f"{gain['num_items']:.0f} items{'' if over else ', of these weights'})."
        )
        if middle := profile.summarised(score, "middle_share"):
            yield f"The middle three fifths have {_ratio(middle)} of it; 0.6 would be an even spread."
        if few := _few_items(profile, score):
            yield few
        if slope := profile.summarised(score, "path_relative_slope"):
            yield (
                f"From input to output the blocks' shares rise by {_ratio(slope)} of their mean: above 0 the "
                "later blocks have more of it, below 0 the earlier ones."
            )
        mine = profile.readings[profile.readings["score"] == score]
        if len(mine):
            yield _additivity(mine["additivity"].tolist())
        yield from _mixtures(profile, score)
    if apart := profile.summarised(DIFFERENCE, "path_centre"):
        yield (
            f"The centre of the gain minus that of forgetting is {_ratio(apart)} of the depth: above 0, what "
            "is gained sits later than what is forgotten."
        )
    if profile.about.get("head_untied"):
        yield "The head is tied to the input embedding; each was given its own tensor, to be tuned alone."
    if noise := profile.summarised("logp", "noise_over_alone"):
        yield f"Noise of the same size brings {_ratio(noise)} times what the blocks' own updates bring alone."


def _few_items(profile: CausalProfile, score: str) -> str:
    """What to do where the middle is known to less than a tenth of the change; empty where it is known."""
    known, needed = (profile.summarised(score, name) for name in ("middle_known_to", "items_for_a_tenth"))
    if known is None or needed is None or not known["value"] > _ENOUGH:
        return ""
    return (
        f"That is known to {known['value']:.2f} of the change only; about {needed['value']:.0f} items would "
        "tell it to a tenth (--items)."
    )


def _mixtures(profile: CausalProfile, score: str) -> Iterator[str]:
    """Whether variants are models at all."""
    mine = profile.hybrids[profile.hybrids["score"] == score]
    if len(mine):
        ends = mine[(mine["kl_base"] == 0) | (mine["kl_tuned"] == 0)]
        yield (
            f"{mine['below_both'].sum()} of {len(mine)} variants do worse than base and tuned model both; "
            f"the least sure of its tokens has an entropy of {mine['entropy'].max():.2f} nats a token, base "
            f"and tuned at most {ends['entropy'].max():.2f}."
        )


def _additivity(found: Sequence[float]) -> str:
    told = " and ".join(percent(round(one, 3)) for one in found)
    if all(one >= ADDS_UP for one in found):
        words = (
            "the parts add up"
            if all(one >= MOSTLY for one in found)
            else "the parts add up in part, and overlap in part"
        )
    elif all(one < ADDS_UP for one in found):
        words = "the parts do not add up: a profile of single blocks would mislead"
    else:
        words = "whether the parts add up differs between runs"
    return f"{told} of what combinations of fifths differ in is told by fifths one by one: {words}."


def _ratio(one: Mapping[str, Any]) -> str:
    if one["low"] != one["low"]:
        return f"{_TWO(one['value'])} (no interval)"
    return f"{_TWO(one['value'])} ({_TWO(one['low'])} to {_TWO(one['high'])})"


def pictures(profile: CausalProfile) -> dict[str, Plot]:
    """A file a score: by block, or by fifths where blocks were not asked for."""
    by_block = {score: profile_plot(profile, score) for score in profile.scores}
    return {score: plot if plot.series else share_plot(profile, score) for score, plot in by_block.items()}


def facts(profile: CausalProfile) -> dict[str, str]:
    """The head of the page."""
    return facts_of(profile) | {"trained blocks": str(len(profile.trained))}


PLUGIN = replace(
    analysis_plugin(
        "causal",
        "Where the gain sits",
        CausalProfile,
        blocks,
        pictures,
        facts,
        place="",
        needs="a causal profile: python -m src.intervene RUN",
    ),
    tables=(trained.SECTION,),
)
