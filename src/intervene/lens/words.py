"""What was stated before the lens was read, and what it says, in sentences."""

from numpy import ndarray

from src.statistics.estimate import Estimate
from src.statistics.median import Median, median_of
from src.statistics.simultaneous import simultaneous_level
from src.statistics.two_way_model import crossed

DROP, LATE = -0.05, 0.8
"""Agreement falls only in the last fifth if no layer before it lies lower than layer 0 by this much."""
EARLIER = -2.0
"""Blocks by which the answer must emerge earlier for tuning to do more than sharpen the end."""
HALF, DORMANT = 0.5, 0.6
"""Of the final accuracy, and of the depth before which an exit reaches it if layers are not dormant."""


def agreement_words(agreement: ndarray) -> str:
    """On the claim that agreement falls only in the last fifth; `agreement` [layer, seed, item].

    One layer is enough to deny it, so the intervals hold for all of them at once.
    """
    num_blocks = len(agreement) - 1
    early = [layer for layer in range(1, num_blocks + 1) if layer <= LATE * num_blocks]
    drops = {layer: crossed(agreement[layer] - agreement[0]) for layer in early}
    level = simultaneous_level([agreement[layer] - agreement[0] for layer in early])
    ends = {layer: drop.interval(level) for layer, drop in drops.items()}
    lowest, surest = (min(early, key=lambda layer: ends[layer][end]) for end in (0, 1))
    word = "undecided"
    if ends[lowest][0] > DROP:
        word = "confirmed"
    elif ends[surest][1] < DROP:
        word = "denied"
    decides = surest if word == "denied" else lowest
    return (
        f"Agreement of both models' likeliest tokens is {agreement[0].mean():.2f} at layer 0 and "
        f"{agreement[-1].mean():.2f} at the last; of the drops before the last fifth the one that decides is "
        f"{_told(drops[decides], level)}, at layer {decides}. Stated before: it falls only in the last fifth "
        f"if no earlier layer's drop reaches {DROP:g} with its interval: {word}."
    )


def emergence_words(base: ndarray, tuned: ndarray) -> tuple[str, dict[str, Median]]:
    """On the claim that tuning only sharpens the end; [item] emergence layers, NaN without one."""
    found = {"base": median_of(base), "tuned": median_of(tuned), "change": median_of(tuned - base)}
    change = found["change"]
    if not change.n:
        return "No item's answer emerges in both models, so nothing is said of when.", found
    word = "denied" if change.high <= EARLIER else "not denied" if change.low > EARLIER else "undecided"
    return (
        f"The whole answer emerges at layer {found['base'].value:g} in the base and "
        f"{found['tuned'].value:g} in the tuned model (medians); item by item it moves by {change.value:+g} "
        f"({change.low:+g} to {change.high:+g}) layers over {change.n} items that have "
        f"it in both. Stated before: that tuning only sharpens the end is denied if it moves earlier by "
        f"{-EARLIER:g} blocks or more with its interval: {word}."
    ), found


def exit_words(accuracy: ndarray) -> str:
    """On the claim that layers are dormant until the last ones.

    `accuracy` [layer, seed, item] is the share of right tokens; what counts is an answer that is right in
    full, as its spaces and its end are found by any layer. One layer is enough to deny it, so the intervals
    hold for all of them at once.
    """
    right = (accuracy == 1).astype(float)
    num_blocks = len(accuracy) - 1
    early = [layer for layer in range(num_blocks + 1) if layer < DORMANT * num_blocks]
    tables = {layer: right[layer] - HALF * right[-1] for layer in early}
    level = simultaneous_level(list(tables.values()))
    above = {layer: crossed(table).interval(level) for layer, table in tables.items()}
    reached = [layer for layer in early if above[layer][0] > 0]
    if reached:
        word, where = "denied", f"from layer {reached[0]} on"
    else:
        open_ = any(high > 0 for _, high in above.values())
        word, where = ("undecided", "perhaps") if open_ else ("not denied", "nowhere")
    return (
        f"Behind a ridge map the tuned model's exits reach half of the final share of right answers "
        f"({right[-1].mean():.2f}) before {100 * DORMANT:.0f} % of the depth {where}. Stated before: "
        f"that layers are dormant until the last ones is denied if they do: {word}."
    )


def _told(one: Estimate, level: float) -> str:
    low, high = one.interval(level)
    return f"{one.value:+.3f} ({low:+.3f} to {high:+.3f})"
