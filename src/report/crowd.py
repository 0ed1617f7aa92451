"""Figures of more arms than anybody can tell apart show those of the first conditions; tables have all."""

from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")
MOST = 120
"""Arms of one figure."""


def first_conditions(arms: Sequence[T], condition: Callable[[T], str]) -> tuple[list[T], str]:
    """Those of as many whole conditions as a figure can show, in their order, and what its caption says.

    Of one condition with more arms than that, the first are taken.
    """
    if len(arms) <= MOST:
        return list(arms), ""
    counts: dict[str, int] = {}
    for one in arms:
        counts[condition(one)] = counts.get(condition(one), 0) + 1
    room, kept = MOST, list[str]()
    for name, number in counts.items():
        if number > room and kept:
            break
        kept.append(name)
        room -= number
    shown = [one for one in arms if condition(one) in kept][:MOST]
    told = f"{len(shown):,} of {len(arms):,} arms drawn: those of {len(kept)} of {len(counts)} conditions"
    return shown, f"{told}; the table has all"
