"""What is shown where there is more than anybody can read: the first, in the order that they have.

What is left out is counted beside it. All of it is in the CSV files beside the page.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

T = TypeVar("T")
MOST = 120
"""Arms of one figure, and rows of a table in the terminal."""
MOST_ROWS = 200
"""Of a table on the page."""
MOST_IN_TEXT = 60
"""Rows of a table in Markdown, and lines of one paragraph."""
_MOST_NAMED = 12
_MOST_OF_SECTION = 8 * MOST  # settings in all figures of one section


def first_conditions(
    arms: Sequence[T], condition: Callable[[T], str], others: str = "the table has all"
) -> tuple[list[T], str]:
    """Those of as many whole conditions as a figure can show, in their order, and what its caption says.

    Of one condition with more arms than that, the first are taken. `others`: where the rest is.
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
    return shown, f"{told}; {others}"


def first_lines(lines: Sequence[str]) -> list[str]:
    """Those of a paragraph that are shown, and how many are not."""
    rest = len(lines) - MOST_IN_TEXT
    return [*lines[:MOST_IN_TEXT], *([f"and {rest:,} more such lines"] if rest > 0 else [])]


def named(names: Sequence[str]) -> str:
    """The first names of a sentence; none where there is none."""
    rest = len(names) - _MOST_NAMED
    return "; ".join([*names[:_MOST_NAMED], *([f"and {rest:,} more"] if rest > 0 else [])]) or "none"


def number_drawn(sizes: Iterable[int]) -> int:
    """Of figures with so many settings each: how many of the first ones a section draws, at least one."""
    room, number = _MOST_OF_SECTION, 0
    for size in sizes:
        room -= min(size, MOST)
        if room < 0 and number:
            break
        number += 1
    return number
