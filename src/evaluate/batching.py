"""Which rows of an evaluation share a batch."""

from collections import defaultdict
from collections.abc import Hashable, Sequence
from itertools import groupby

from src.data.batches import by_length
from src.model.beside import ALONE, EQUAL


def batches(kind: str, lengths: list[int], batch_size: int) -> list[list[int]]:
    """Places of rows, the longest first; only rows that do not change each other's numbers are together.

    Args:
        kind: PADDED, EQUAL or ALONE of `model.beside.kind_of`.
        lengths: tokens of each row.
        batch_size: rows of a batch at most.
    """
    if kind != EQUAL:
        return by_length(lengths, 1 if kind == ALONE else batch_size)
    places = sorted(range(len(lengths)), key=lambda place: -lengths[place])
    alike = [list(group) for _, group in groupby(places, key=lambda place: lengths[place])]
    return [own[start : start + batch_size] for own in alike for start in range(0, len(own), batch_size)]


def groups_of(keys: Sequence[Hashable | None], most: int) -> list[list[int]]:
    """Places with a key in common, at most `most` and at least two together; None is no key."""
    alike: dict[Hashable, list[int]] = defaultdict(list)
    for place, key in enumerate(keys):
        if key is not None:
            alike[key].append(place)
    found = [own[start : start + most] for own in alike.values() for start in range(0, len(own), most)]
    return [places for places in found if len(places) > 1]
