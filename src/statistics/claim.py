"""What our runs say of a published effect: three statements, then one word."""

import math
from typing import NamedTuple

from src.statistics.detectable import smallest_detectable
from src.statistics.estimate import Estimate
from src.statistics.student import LEVEL, t_reach

SIGN_LEVEL = 0.02
"""Two-sided error of the test of the sign, divided among the declared claims: an effect that does not exist
is confirmed in at most 1 % of all cases."""
MIN_SEEDS = 3
CONFIRMED, SMALLER, ABSENT, REVERSED, UNDECIDED = WORDS = (
    "confirmed",
    "smaller",
    "absent",
    "reversed",
    "undecided",
)


class Judgement(NamedTuple):
    """Three statements on one claim, and the word for them."""

    word: str
    """confirmed, smaller, absent, reversed or undecided."""
    reason: str
    """The three statements in one sentence."""
    sign: float
    """p-value of our effect being 0, two-sided; NaN without an error."""
    size: tuple[float, float]
    """95 % prediction interval of ours, if the published effect were true; NaN where its error is unknown."""
    detectable: float
    """The smallest true effect that would have been told from 0 in 80 % of all cases."""


def judge_claim(ours: Estimate, published: float, stderr: float | None, num_claims: int = 1) -> Judgement:
    """Judge a claim for its own setting; runs of another setting are a check in miniature and never get here.

    - *sign found*: a test of ours against 0, at a two-sided 2 % divided by the number of declared claims.
    - *size compatible*: ours is not below the 95 % prediction interval around the published effect, which
      carries both standard errors. A larger effect than the published one is compatible, and said.
    - *could be told*: the smallest effect that we could have told from 0 is below half the published one.

    confirmed: sign found, size compatible, and it could be told. smaller: sign found, size excluded. absent:
    size excluded, sign not found. reversed: the other sign found. Everything else is undecided, also below
    three seeds, and where the published error is unknown, unless the sign is the other one.

    Args:
        ours: our difference over seeds and items.
        published: the published effect, corrected for selection where it was chosen; not 0.
        stderr: of the published effect; None: no source tells it.
        num_claims: declared in the same file, whether or not they were measured.
    """
    if published == 0 or not math.isfinite(published):
        raise ValueError(f"published: given {published}; needed: a finite effect other than 0")
    missing = (math.nan, math.nan)
    if (reason := _too_little(ours)) is not None:
        return Judgement(UNDECIDED, reason, ours.pvalue, missing, math.nan)
    way = math.copysign(1.0, published)
    level = SIGN_LEVEL / num_claims
    found = ours.pvalue <= level and ours.value != 0
    agrees = found and way * ours.value > 0
    least = smallest_detectable(ours, level)
    size = missing if stderr is None else _prediction(ours, published, stderr)
    excluded = stderr is not None and (ours.value < size[0] if way > 0 else ours.value > size[1])
    word = _word(found, agrees, excluded, stderr is not None, least < abs(published) / 2)
    reason = _reason(ours, found, agrees, excluded, stderr, size, least)
    return Judgement(word, reason, ours.pvalue, size, least)


def sign_here(ours: Estimate, published: float) -> str:
    """What runs of another setting show, without a verdict: the sign, and what could have been seen."""
    if ours.num_seeds < 2 or not ours.stderr > 0:
        return "here: one seed, or no error"
    if ours.pvalue > LEVEL or ours.value == 0:
        sign = "no sign found"
    else:
        sign = "the published sign" if ours.value * published > 0 else "the other sign"
    least = smallest_detectable(ours)
    return f"here: {sign} (p = {ours.pvalue:.2g}); told from 0: {least:.2g} and more"


def _too_little(ours: Estimate) -> str | None:
    """Why nothing can be judged; None where it can."""
    if ours.num_seeds < MIN_SEEDS:
        return f"{ours.num_seeds} seed{'s' * (ours.num_seeds != 1)}; needed: {MIN_SEEDS}"
    return None if ours.stderr > 0 else "no scatter was seen, so nothing is known of other seeds"


def _prediction(ours: Estimate, published: float, stderr: float) -> tuple[float, float]:
    """Where ours should fall if the published effect is true; both errors, Satterthwaite's freedom."""
    variance = ours.stderr**2 + stderr**2
    freedom = ours.freedom * (variance / ours.stderr**2) ** 2
    reach = float(t_reach(math.sqrt(variance), min(freedom, 1e9)))
    return published - reach, published + reach


def _word(found: bool, agrees: bool, excluded: bool, known: bool, told: bool) -> str:
    if found and not agrees:
        return REVERSED
    if excluded:
        return SMALLER if agrees else ABSENT
    return CONFIRMED if agrees and known and told else UNDECIDED


def _reason(
    ours: Estimate,
    found: bool,
    agrees: bool,
    excluded: bool,
    stderr: float | None,
    size: tuple[float, float],
    least: float,
) -> str:
    sign = "sign found" if agrees else "the other sign found" if found else "sign not found"
    if stderr is None:
        judged = "size not judged, as the published error is unknown"
    elif excluded:
        judged = "published size excluded"
    else:
        larger = ours.value > size[1] if size[0] + size[1] > 0 else ours.value < size[0]
        judged = "larger than published" if larger else "published size compatible"
    return f"{sign} (p = {ours.pvalue:.2g}); {judged}; told from 0: {least:.2g} and more"
