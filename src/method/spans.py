"""Blocks as spans of neighbours. Imports no torch."""

from collections.abc import Sequence


def spans(blocks: Sequence[int]) -> list[tuple[int, int]]:
    """First and last block of each run of neighbours, ascending: [6, 7, 8, 11] -> [(6, 8), (11, 11)]."""
    found: list[tuple[int, int]] = []
    for block in sorted(blocks):
        if found and block == found[-1][1] + 1:
            found[-1] = (found[-1][0], block)
        else:
            found.append((block, block))
    return found


def spans_text(blocks: Sequence[int], separator: str) -> str:
    """Spans as a person writes them, `6-8,11`; empty where there is no block."""
    return separator.join(str(first) if first == last else f"{first}-{last}" for first, last in spans(blocks))
