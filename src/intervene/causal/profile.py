"""The quantities of the causal depth profile, each with its interval, from tables of items."""

from collections.abc import Iterator, Mapping, Sequence

import numpy
from numpy import ndarray

from src.intervene.engine.gates import MovedParts, Pattern
from src.intervene.engine.item_table import ItemTable
from src.intervene.players import Player, block_players, coalitions, cuts, segment_players, singles
from src.intervene.quantity import UNITS, Quantity, quantity
from src.statistics.cooperative_game import additivity, pair_interactions, shapley

NUM_SEGMENTS = 5
ROUNDING = 1e-6
"""Below which a gain is what float32 rounds in a score of a few nats."""
PATH = {"share": "path", "at_base": "slope_at_base", "at_tuned": "slope_at_tuned"}
"""What the gradients along the path are called among the quantities."""


def patterns(gates: MovedParts, by_block: bool = True) -> list[Pattern]:
    """Every variant that the profile needs, each once: singles both ways, cuts, all sets of segments.

    `by_block`: without it the sets alone.
    """
    found: list[Pattern] = []
    if by_block:
        found += [one for pair in singles(gates, block_players(gates)) for one in pair]
        found += [one for pair in cuts(gates) for one in pair]
    found += coalitions(gates, segment_players(gates, NUM_SEGMENTS))
    return list(dict.fromkeys([gates.base, gates.tuned, *found]))


def gain(gates: MovedParts, table: ItemTable, score: str) -> Quantity:
    """v(tuned) - v(base)."""
    return quantity(score, "gain", "all", table.of(score, gates.tuned) - table.of(score, gates.base))


def no_gain(found: Quantity) -> str:
    """Why there is nothing to share out: the interval of the gain holds 0, or the gain is no more than what
    float32 rounds in a score. Empty where there is something.
    """
    low, high = found.estimate.interval()
    if (low > 0 or high < 0) and abs(found.estimate.value) > ROUNDING:
        return ""
    unit = UNITS[found.score]
    given = f"{found.estimate.value:.3g} {unit} ({low:.3g} to {high:.3g})"
    return (
        f"no profile of {found.score}: given a gain of {given}; needed: one whose interval leaves 0 out"
        + (f", above rounding ({ROUNDING:g})" if low > 0 or high < 0 else "")
    )


def segment_shares(found: Sequence[Quantity], score: str) -> dict[str, ndarray]:
    """Shapley shares of the fifths by player; what stands around the blocks is left out."""
    return {
        one.player: one.values
        for one in found
        if (one.score, one.kind) == (score, "shapley") and one.player.startswith("blocks")
    }


def quantities(gates: MovedParts, table: ItemTable, score: str, by_block: bool = True) -> Iterator[Quantity]:
    """All of them but those of the path, in the order of depth; `by_block` as for `patterns`."""
    yield gain(gates, table, score)
    if by_block:
        yield from _of_blocks(gates, table, score)
    yield from _of_segments(gates, table, score)


def _of_blocks(gates: MovedParts, table: ItemTable, score: str) -> Iterator[Quantity]:
    none, everyone = (table.of(score, pattern) for pattern in (gates.base, gates.tuned))
    players = block_players(gates)
    for player, (alone, without) in zip(players, singles(gates, players), strict=True):
        yield quantity(score, "alone", player.name, table.of(score, alone) - none)
        yield quantity(score, "left_out", player.name, everyone - table.of(score, without))
    for cut, (below, above) in enumerate(cuts(gates)):
        low, high = table.of(score, below), table.of(score, above)
        yield quantity(score, "below", f"block {cut}", low - none)
        yield quantity(score, "above", f"block {cut}", high - none)
        yield quantity(score, "interaction", f"block {cut}", (everyone - low) - (high - none))


def _of_segments(gates: MovedParts, table: ItemTable, score: str) -> Iterator[Quantity]:
    segments = segment_players(gates, NUM_SEGMENTS)
    game = game_of(gates, table, score, segments)
    for player, share in zip(segments, shapley(game).T, strict=True):
        yield quantity(score, "shapley", player.name, share)
    together = pair_interactions(game)
    for first, one in enumerate(segments):
        for second in range(first + 1, len(segments)):
            name = f"{one.name} and {segments[second].name}"
            yield quantity(score, "pair", name, together[:, first, second])


def path_quantities(gates: MovedParts, gradients: Mapping[str, ndarray], score: str) -> Iterator[Quantity]:
    """What the path says of every part that moved; `gradients` [item, part] under the names of `PATH`."""
    names = {player.parts[0]: player.name for player in block_players(gates)}
    for found, kind in PATH.items():
        for part, values in zip(gates.moved, gradients[found].T, strict=True):
            yield quantity(score, kind, names[part], values)


def game_of(gates: MovedParts, table: ItemTable, score: str, players: Sequence[Player]) -> ndarray:
    """[item, 2^S]."""
    return numpy.stack([table.of(score, pattern) for pattern in coalitions(gates, players)], axis=1)


def profile_additivity(gates: MovedParts, table: ItemTable, score: str) -> float:
    """Of the segments, in the mean game over items."""
    segments = segment_players(gates, NUM_SEGMENTS)
    return additivity(game_of(gates, table, score, segments).mean(axis=0))
