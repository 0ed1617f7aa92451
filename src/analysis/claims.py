"""Declared claims: what the published effect is worth, and what runs of its setting say of it."""

import math
from functools import cache
from typing import NamedTuple

from src.analysis.arms import Arm
from src.analysis.references import Published
from src.config.reference import Claim
from src.statistics.claim import Judgement, judge_claim
from src.statistics.estimate import Estimate
from src.statistics.selection import Corrected, best_of

MINIATURE = "check in miniature"
"""In place of a word: the runs are of another model, of other data or of a made-up size."""
NO_CLAIM = "no claim"
"""In place of a word: no claim was declared on this effect."""
MADE_UP = ("tiny", "twin")
"""Sources of models whose weights are not those that their name stands for."""
_best_of = cache(best_of)


class Ran(NamedTuple):
    """What the setting of a claim is held against."""

    model: str
    made_up: bool
    """Whether its weights are not those of that model."""
    scored_on: str
    """What the items are of, as the setting names it."""
    training_rows: bool
    """They are rows of the training file, held out from it, and no test items."""
    fidelity: str


def other_setting(one: Published, arm: Arm, scored_on: str, training_rows: bool = False) -> str:
    """How runs differ from what a claim was measured at; empty where they do not, and for them alone a word
    is said.

    Args:
        one: a published number; without a claim, the setting of its table counts.
        arm: of the runs.
        scored_on: what the items are of, as the setting names it.
        training_rows: they are rows of the training file, held out from it, and no test items.
    """
    choices, config = arm.record["choices"], arm.first.config
    model, fidelity = str(choices.get("model")), str(arm.record.get("fidelity", "published"))
    made_up = config.get("model.source") in MADE_UP
    return unlike(one, Ran(model, made_up, scored_on, training_rows, fidelity))


def unlike(one: Published, ran: Ran) -> str:
    """The same of runs that are told in a few words, or that are yet to come."""
    wanted = one.setting
    asked = [(wanted.models, ran.model), (wanted.data, ran.scored_on)]
    told = [f"{given} for {' or '.join(names)}" for names, given in asked if names and given not in names]
    if wanted.fidelity and ran.fidelity not in wanted.fidelity:
        told.append(f"fidelity={ran.fidelity} for {' or '.join(wanted.fidelity)}")
    told += [f"made-up weights for {ran.model}"] if ran.model in wanted.models and ran.made_up else []
    held_out = ran.training_rows and ran.scored_on in wanted.data
    told += [f"held-out training rows of {ran.scored_on}"] if held_out else []
    return ", ".join(told)


def judge(one: Published, ours: Estimate) -> Judgement:
    """The word of a claim, from runs of its setting; the test is corrected for the claims of its file.

    Raises:
        ValueError: a claim without a value of its own, which nothing can be judged by.
    """
    claim, published, declared = one.claim, one.number.value, len(one.reference.claims)
    if claim is None or published is None:
        raise ValueError(f"{one.label}: given no claim with a value; needed: one")
    target = corrected_target(one, claim)
    if target is not None and target.value * published > 0:
        return judge_claim(ours, target.value, target.stderr, declared)
    found = judge_claim(ours, published, None, declared)  # its sign alone
    if target is None:
        return found
    left = f"nothing of it is left after the choice of the best of {claim.best_of} ({target.value:+.2g})"
    return found._replace(reason=f"{left}; {found.reason}")


def corrected_target(one: Published, claim: Claim) -> Corrected | None:
    """The published effect and its error, with what choosing the best added taken off; None: no error known.

    Bands whose scores are not published are taken to score as the side that was compared with.
    """
    number, (first, second), others = one.number, *_shares(one)
    if claim.stderr != "binomial" or number.n is None or number.value is None:
        return None
    if first is None or second is None:
        return None
    every = [first, *others[: claim.best_of - 1]]
    every += [second] * (claim.best_of - len(every))
    sign = math.copysign(1.0, number.value)
    if sign < 0:
        every, second = [1 - share for share in every], 1 - second
    chosen = _best_of(tuple(every), second, number.n)
    return chosen._replace(value=sign * (abs(number.value) - chosen.bias))


def _shares(one: Published) -> tuple[list[float | None], list[float]]:
    """The published scores of both sides of a contrast, and of all other bands."""
    asked = [one.number.measure.get(key) for key in ("band", "against")]
    known = {
        other.measure["band"]: other.value
        for other in one.reference.numbers
        if other.measure["kind"] == "score" and other.value is not None
    }
    return [known.get(band) for band in asked], [share for band, share in known.items() if band not in asked]
