"""What was stated before vectors were measured, and what they say, in sentences."""

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from numpy import ndarray

from src.intervene.causal.summary import Summary, ratio
from src.statistics.profile_correlation import MIN_LAYERS, profile_correlation

if TYPE_CHECKING:
    from src.intervene.vectors.study import VectorStudy

NOTHING, MUCH, HALF = 0.1, 0.5, 0.5
"""Shares of the gain: below the first the mean shift is not what tuning adds, above the second it is."""
LOW_RANK = 8


def patch_words(found: Sequence[Summary], randoms: Sequence[ndarray], study: "VectorStudy") -> list[str]:
    """The decision on mean shifts; of the published form what it brings."""
    if not any(one.name.startswith("best") for one in found):
        return list(_published(found))
    (best,) = (one for one in found if one.name.startswith("best"))
    reached = float(study.values("best", "chosen on other items").mean())
    below = sum(float(one.mean()) < reached for one in randoms)
    words = [
        f"The mean shift at the best block and size, chosen on other items, brings {_told(best)} of the "
        f"gain; {below} of {len(randoms)} random directions of its norm bring less there."
    ]
    stated = (
        f"Stated before: the shift is not what tuning adds if this share lies below {NOTHING:g} with its "
        f"interval, and it is if it lies above {MUCH:g} and every random direction brings less"
    )
    words.append(f"{stated}: {patch_decision(best, below == len(randoms) > 0)}.")
    for kind, told in (
        ("other_block", "The vector of a block half of the depth away, put there, brings"),
        (
            "wrong_rows",
            "The mean shift over rows the tuned model gets wrong (INFERRED: which those are) brings",
        ),
    ):
        for row in study.rows:
            if (row.score, row.kind) == ("logp", kind):
                share = study.share(kind, row.kind, row.player)
                words.append(f"{told} {_told(share)} of the gain.")
    return [*words, *_predicted(study)]


def _predicted(study: "VectorStudy") -> Iterator[str]:
    """Whether a shift works where the lens already reads the answer."""
    blocks = study.blocks()
    kept = [row.player for row in study.rows if (row.score, row.kind) == ("logp", "patched")]
    at_one = [name for block in blocks if (name := f"block {block}, alpha 1") in kept]
    if len(at_one) == len(blocks) >= MIN_LAYERS:
        read = [float(study.values("lens", f"block {block}", "accuracy").mean()) for block in blocks]
        brought = [float(study.values("patched", name).mean()) for name in at_one]
        test = profile_correlation(read, brought)
        if math.isfinite(test.rho):
            yield (
                "Over blocks, what the shift brings goes with how often the base's head finds the answer "
                "there: "
                f"rho {test.rho:+.2f} ({test.low:+.2f} to {test.high:+.2f}), as {test.effective_n:.0f} "
                "independent blocks would tell it."
            )


def patch_decision(best: Summary, above_all: bool) -> str:
    """denied, confirmed or undecided."""
    if not math.isfinite(best.low):
        return "undecided, as the gain cannot be told from 0"
    if best.high < NOTHING:
        return "denied"
    return "confirmed" if best.low > MUCH and above_all else "undecided"


def steer_words(found: Sequence[Summary], study: "VectorStudy") -> list[str]:
    """The decision on few directions; of the published form what it brings."""
    shares = {one.name: one for one in found if one.name.startswith("best_")}
    if not shares:
        return list(_published(found))
    whole, upper = (shares[f"best_{action}: rank all"] for action in ("fixed", "oracle"))
    words = [
        f"At the block that is best on other items the mean difference brings {_told(whole)} of the gain, "
        f"and each place's own difference, an upper bound, {_told(upper)}."
    ]
    few = f"rank {LOW_RANK}"
    if f"best_fixed: {few}" in shares:
        of_whole = ratio("logp", "", study.values("best_fixed", few), study.values("best_fixed", "rank all"))
        words.append(
            f"{LOW_RANK} directions bring {_told(of_whole)} of what all of them bring. Stated before: an "
            f"account by few directions is denied if that is no more than {HALF:g}: "
            f"{steer_decision(of_whole)}."
        )
    return words


def steer_decision(of_whole: Summary) -> str:
    """denied, not denied or undecided."""
    if not math.isfinite(of_whole.low):
        return "undecided, as all directions together bring nothing that can be told from 0"
    if of_whole.high <= HALF:
        return "denied"
    return "not denied" if of_whole.low > HALF else "undecided"


def _published(found: Sequence[Summary]) -> Iterator[str]:
    for one in found:
        yield f"The published form, {one.name.removeprefix('published: ')}, brings {_told(one)} of the gain."


def _told(one: Summary) -> str:
    ends = f"{one.low:.2f} to {one.high:.2f}" if math.isfinite(one.low) else "no interval"
    return f"{one.value:.2f} ({ends})"
