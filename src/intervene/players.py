"""Who plays: blocks or segments of the depth, and what stands around them where it moved."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from src.intervene.engine.gates import TUNED, MovedParts, Pattern
from src.intervene.engine.parts import EMBEDDINGS, HEAD, Part
from src.method.band import band_blocks


@dataclass(frozen=True)
class Player:
    """Parts that are tuned or not tuned together."""

    name: str
    parts: tuple[Part, ...]


def block_players(gates: MovedParts) -> list[Player]:
    """Every block, and embeddings and head where they moved, in the order of depth."""
    return _around(gates, [Player(f"block {part}", (part,)) for part in gates.parts[1:-1]])


def segments(gates: MovedParts, num_segments: int) -> list[Player]:
    """The blocks from int(i L / S) to int((i + 1) L / S), for each i; a boundary is rounded down."""
    num_blocks = len(gates.parts) - 2
    found = []
    for place in range(num_segments):
        blocks = band_blocks(place / num_segments, (place + 1) / num_segments, num_blocks)
        if blocks:
            found.append(Player(f"blocks {blocks[0]}-{blocks[-1]}", tuple(blocks)))
    return found


def segment_players(gates: MovedParts, num_segments: int) -> list[Player]:
    """Segments of the depth, and embeddings and head where they moved."""
    return _around(gates, segments(gates, num_segments))


def coalition(gates: MovedParts, players: Collection[Player]) -> Pattern:
    """The variant in which exactly these players are tuned."""
    return gates.pattern({part: TUNED for player in players for part in player.parts})


def coalitions(gates: MovedParts, players: Sequence[Player]) -> list[Pattern]:
    """All 2^S of them; bit s of the place says whether player s is in."""
    return [
        coalition(gates, [player for place, player in enumerate(players) if number >> place & 1])
        for number in range(2 ** len(players))
    ]


def singles(gates: MovedParts, players: Sequence[Player]) -> Iterator[tuple[Pattern, Pattern]]:
    """For each player the variant in which it alone is tuned, and the one in which it alone is not."""
    for player in players:
        others = [other for other in players if other is not player]
        yield coalition(gates, [player]), coalition(gates, others)


def cuts(gates: MovedParts) -> Iterator[tuple[Pattern, Pattern]]:
    """For c = 0..L: everything below block c tuned, and everything from block c on tuned."""
    for place in range(1, len(gates.parts)):
        below, above = gates.parts[:place], gates.parts[place:]
        yield (
            gates.pattern(dict.fromkeys(below, TUNED)),
            gates.pattern(dict.fromkeys(above, TUNED)),
        )


def _around(gates: MovedParts, players: list[Player]) -> list[Player]:
    moved = gates.moved
    first = [Player(EMBEDDINGS, (EMBEDDINGS,))] if EMBEDDINGS in moved else []
    last = [Player(HEAD, (HEAD,))] if HEAD in moved else []
    return [*first, *players, *last]
