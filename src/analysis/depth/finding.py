"""One published finding, judged, and all that were declared together."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from src.statistics.claim import UNDECIDED
from src.statistics.holm import holm
from src.statistics.student import LEVEL

NONE = "none"
"""In place of a word: these runs cannot answer."""


@dataclass(frozen=True)
class Finding:
    """One published finding; `name` is that of its number in conf/reference/depth_profile_study.yaml."""

    name: str
    verdict: str
    """One of the five words, by the rule of its function; `finding_rows` keeps it for the claim's setting."""
    ours: str
    """What these runs show, with n and intervals."""
    pvalue: float = math.nan
    """The least error at which the word would have been said; NaN of a word that decides nothing."""


NO_NULL = "no null"
"""In place of a verdict: a random push may show the same, and none was run."""


def without_null(found: Finding) -> Finding:
    """What was found where no null was run: told, and not judged."""
    return found if found.verdict == NONE else replace(found, verdict=NO_NULL)


def corrected(found: Sequence[Finding]) -> list[Finding]:
    """The words that stay after Holm's correction over all declared findings; of the others it is said.

    A finding that these runs cannot answer, or leave undecided, counts as one more test that did not reject:
    so a word depends on what was declared, and not on what was run. In 5 % of all cases at most is any of
    the words wrong, be it that of a finding that is not there or against one that is. Source: Holm (1979).
    """
    tests = holm([1.0 if math.isnan(one.pvalue) else one.pvalue for one in found])
    return [_corrected(one, test.pvalue, len(found)) for one, test in zip(found, tests, strict=True)]


def _corrected(one: Finding, pvalue: float, count: int) -> Finding:
    if math.isnan(one.pvalue) or pvalue <= LEVEL:
        return one
    told = f"alone {one.verdict}, not among {count} declared claims (Holm's p = {pvalue:.2g})"
    return replace(one, verdict=UNDECIDED, ours=f"{one.ours}; {told}")


def both_slopes(relative: Finding, absolute: Finding, told: Finding) -> Finding:
    """The finding in relative slopes; it says so where absolute ones tell another, as `told` does."""
    if relative.verdict == absolute.verdict:
        return relative
    return replace(relative, ours=f"{relative.ours}; in absolute slopes {told.verdict}: {told.ours}")


def beyond_both(found: Finding, other: Finding, null: str) -> Finding:
    """The finding beyond one null and beyond another: a word only where both have it, at the larger error.

    What has no runs beside the other null is judged by the first alone.
    """
    if NONE in (found.verdict, other.verdict) or UNDECIDED == found.verdict == other.verdict:
        return found
    if found.verdict == other.verdict:
        return replace(found, pvalue=max(found.pvalue, other.pvalue))
    told = f"{found.ours}; beyond {null.replace('_', ' ')} {other.verdict}: {other.ours}"
    return Finding(found.name, UNDECIDED, told)


def nothing(name: str) -> Finding:
    """No run can answer."""
    return Finding(name, NONE, "no such runs")
