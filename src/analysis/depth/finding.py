"""One published finding, judged."""

from dataclasses import dataclass, replace

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


NO_NULL = "no null"
"""In place of a verdict: a random push may show the same, and none was run."""


def without_null(found: Finding) -> Finding:
    """What was found where no null was run: told, and not judged."""
    return found if found.verdict == NONE else replace(found, verdict=NO_NULL)


def both_slopes(relative: Finding, absolute: Finding) -> Finding:
    """The finding in relative slopes; it says so where absolute ones tell another."""
    if relative.verdict == absolute.verdict:
        return relative
    return replace(relative, ours=f"{relative.ours}; in absolute slopes {absolute.verdict}: {absolute.ours}")


def nothing(name: str) -> Finding:
    """No run can answer."""
    return Finding(name, NONE, "no such runs")
