"""Whole segments in both directions, under each head, with paired intervals; the inverted U as a contrast."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy

from src.intervene.engine.gates import BASE, TUNED, MovedParts, Pattern
from src.intervene.engine.item_table import ItemTable
from src.intervene.engine.parts import EMBEDDINGS, HEAD
from src.intervene.players import segments
from src.intervene.quantity import Quantity, quantity

INTO_BASE, INTO_TUNED = "tuned into base", "base into tuned"
DIRECTIONS = {INTO_BASE: (BASE, TUNED), INTO_TUNED: (TUNED, BASE)}
"""What the receiver runs with, and what is put into it."""
OWN = "own"
INNER_AGAINST_OUTER = "inner segments against the two outer ones"


class Exchange(NamedTuple):
    """One segment of the receiver exchanged."""

    direction: str
    head: str
    """own: that of the receiver; base, tuned: the same whatever the direction. Its input embedding is the
    receiver's: a head that is tied to it is untied."""
    player: str
    pattern: Pattern
    receiver: Pattern
    """The same without the exchange."""


def exchanges(gates: MovedParts, num_segments: int) -> Iterator[Exchange]:
    """Every segment, in both directions, under every head; then embeddings and head by themselves."""
    for direction, (receiver, donor) in DIRECTIONS.items():
        whole = dict.fromkeys(gates.parts, receiver)
        heads = {OWN: receiver, "base": BASE, "tuned": TUNED} if HEAD in gates.moved else {OWN: receiver}
        for head, gate in heads.items():
            start = gates.pattern(whole | {HEAD: gate})
            for player in segments(gates, num_segments):
                put = dict.fromkeys(player.parts, donor)
                yield Exchange(direction, head, player.name, gates.pattern(whole | {HEAD: gate} | put), start)
        for part in (EMBEDDINGS, HEAD):
            if part in gates.moved:
                swapped = gates.pattern(whole | {part: donor})
                yield Exchange(direction, OWN, str(part), swapped, gates.pattern(whole))


def quantities(gates: MovedParts, table: ItemTable, score: str, num_segments: int) -> Iterator[Quantity]:
    """The gain of tuning, the effect of every exchange, and inner against outer segments.

    The effect of a segment is the score with it minus the receiver's, item by item; the contrast is the mean
    effect of the inner segments minus that of the first and last. Published: an inverted U, a contrast
    above 0.
    """
    values = {pattern: table.of(score, pattern) for pattern in table.patterns}
    yield quantity(score, "gain", "all", values[gates.tuned] - values[gates.base])
    found: dict[str, list[Quantity]] = {}
    for one in exchanges(gates, num_segments):
        effect = values[one.pattern] - values[one.receiver]
        kind = f"{one.direction}, {one.head} head"
        found.setdefault(kind, []).append(quantity(score, kind, one.player, effect))
    for kind, effects in found.items():
        yield from effects
        first, *inner, last = [one.values for one in effects if one.player.startswith("blocks")]
        contrast = numpy.mean(inner, axis=0) - (first + last) / 2
        yield Quantity(score, f"contrast, {kind}", INNER_AGAINST_OUTER, contrast)
