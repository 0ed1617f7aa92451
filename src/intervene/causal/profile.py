"""The quantities of the causal depth profile, each with its interval, from tables of items."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy
from numpy import ndarray

from src.intervene.causal.game import additivity, shapley
from src.intervene.causal.players import Player, block_players, coalitions, cuts, segment_players, singles
from src.intervene.engine.gates import Gates, Pattern
from src.intervene.engine.item_table import ItemTable
from src.statistics.estimate import Estimate
from src.statistics.two_way_model import crossed

NUM_SEGMENTS = 5


@dataclass(frozen=True)
class Quantity:
    """One number of the profile."""

    kind: str
    """gain, alone, left_out, below, above, interaction, shapley or path."""
    player: str
    estimate: Estimate
    """Over items, given these weights."""


def patterns(gates: Gates) -> list[Pattern]:
    """Every variant that the profile needs, each once: singles both ways, cuts, all sets of segments."""
    found = [one for pair in singles(gates, block_players(gates)) for one in pair]
    found += [one for pair in cuts(gates) for one in pair]
    found += coalitions(gates, segment_players(gates, NUM_SEGMENTS))
    return list(dict.fromkeys([gates.base, gates.tuned, *found]))


def gain(gates: Gates, table: ItemTable, score: str) -> Estimate:
    """v(tuned) - v(base)."""
    return over_items(table.of(score, gates.tuned) - table.of(score, gates.base))


def quantities(gates: Gates, table: ItemTable, score: str) -> Iterator[Quantity]:
    """All of them but those of the path, in the order of depth."""
    none, everyone = (table.of(score, pattern) for pattern in (gates.base, gates.tuned))
    yield Quantity("gain", "all", over_items(everyone - none))
    players = block_players(gates)
    for player, (alone, without) in zip(players, singles(gates, players), strict=True):
        yield Quantity("alone", player.name, over_items(table.of(score, alone) - none))
        yield Quantity("left_out", player.name, over_items(everyone - table.of(score, without)))
    for cut, (below, above) in enumerate(cuts(gates)):
        low, high = table.of(score, below), table.of(score, above)
        yield Quantity("below", f"block {cut}", over_items(low - none))
        yield Quantity("above", f"block {cut}", over_items(high - none))
        yield Quantity("interaction", f"block {cut}", over_items((everyone - low) - (high - none)))
    segments = segment_players(gates, NUM_SEGMENTS)
    for player, share in zip(segments, shapley(game_of(gates, table, score, segments)).T, strict=True):
        yield Quantity("shapley", player.name, over_items(share))


def path_quantities(gates: Gates, shares: ndarray) -> Iterator[Quantity]:
    """The share of every part along the path, `shares` [item, part that moved]."""
    names = {player.parts[0]: player.name for player in block_players(gates)}
    for part, values in zip(gates.moved, shares.T, strict=True):
        yield Quantity("path", names[part], over_items(values))


def game_of(gates: Gates, table: ItemTable, score: str, players: Sequence[Player]) -> ndarray:
    """[item, 2^S]."""
    return numpy.stack([table.of(score, pattern) for pattern in coalitions(gates, players)], axis=1)


def profile_additivity(gates: Gates, table: ItemTable, score: str) -> float:
    """Of the segments, in the mean game over items."""
    segments = segment_players(gates, NUM_SEGMENTS)
    return additivity(game_of(gates, table, score, segments).mean(axis=0))


def off_manifold(gates: Gates, table: ItemTable, score: str) -> list[Pattern]:
    """Variants whose mean score lies below that of base and tuned model: a hybrid that neither end is."""
    means = {pattern: float(table.of(score, pattern).mean()) for pattern in table.patterns}
    floor = min(means[gates.base], means[gates.tuned])
    return [pattern for pattern, mean in means.items() if mean < floor]


def over_items(values: ndarray) -> Estimate:
    """Mean over items with Student's interval."""
    return crossed(numpy.asarray(values, dtype=float)[None])
