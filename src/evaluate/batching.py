"""Which rows of an evaluation share a batch."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Sequence
from itertools import groupby

from src.model.beside import ALONE, EQUAL

_FULL, _MOST = 512, 4
"""Positions of a full row; how many times as many rows share a batch where they are shorter."""


def batches(kind: str, lengths: list[int], rows: int | Callable[[int], int]) -> list[list[int]]:
    """Places of rows, the longest first; only rows that do not change each other's numbers are together.

    Args:
        kind: PADDED, EQUAL or ALONE of `model.beside.kind_of`.
        lengths: tokens of each row.
        rows: of a batch at most, or that of a batch whose longest row has so many tokens.
    """
    places = sorted(range(len(lengths)), key=lambda place: -lengths[place])
    if kind == ALONE:
        return [[place] for place in places]
    alike = groupby(places, key=lambda place: lengths[place] if kind == EQUAL else 0)
    return [batch for _, group in alike for batch in _cut(list(group), lengths, rows)]


def _cut(places: list[int], lengths: list[int], rows: int | Callable[[int], int]) -> Iterator[list[int]]:
    while places:
        size = rows if isinstance(rows, int) else rows(lengths[places[0]])
        yield places[:size]
        places = places[size:]


def rows_in_room(batch_size: int, length: int) -> int:
    """How many rows of one length take the room of `batch_size` full ones, up to four times as many.

    A step of decoding reads all weights, for however few rows, so that many short rows are soon done
    together. A single row was asked to be alone.
    """
    return 1 if batch_size == 1 else min(max(batch_size, batch_size * _FULL // length), batch_size * _MOST)


def groups_of(keys: Sequence[Hashable | None], most: int) -> list[list[int]]:
    """Places with a key in common, at most `most` and at least two together; None is no key."""
    alike: dict[Hashable, list[int]] = defaultdict(list)
    for place, key in enumerate(keys):
        if key is not None:
            alike[key].append(place)
    found = [own[start : start + most] for own in alike.values() for start in range(0, len(own), most)]
    return [places for places in found if len(places) > 1]
