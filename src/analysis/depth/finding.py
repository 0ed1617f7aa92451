"""One published finding, judged."""

from dataclasses import dataclass

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


def nothing(name: str) -> Finding:
    """No run can answer."""
    return Finding(name, NONE, "no such runs")
