"""The lines of samples.jsonl, parsed at once, and those of the untrained model once for all runs."""

import json
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from src.analysis.run_tables import Items, items_in


def line_starts(*stages: str) -> tuple[str, ...]:
    """How the lines of some stages begin in samples.jsonl."""
    return tuple(f'{{"stage": "{stage}"' for stage in stages)


def parsed(lines: Sequence[str]) -> list[dict[str, Any]]:
    """The rows of some lines.

    Raises:
        ValueError: one of them is no JSON.
    """
    rows = json.loads(f"[{','.join(lines)}]")  # at once: half the time of line by line
    return rows if len(rows) == len(lines) else [json.loads(line) for line in lines]


def items_of_lines(lines: Sequence[str]) -> Items:
    """The items of some lines."""
    return items_in(parsed(lines))


@lru_cache(maxsize=64)
def items_of_base(lines: tuple[str, ...]) -> Items:
    """Of the untrained model, whose answers many runs share to the letter; nobody changes them."""
    return items_of_lines(lines)
