"""The quantities of the causal depth profile, each with its interval, from tables of items."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy
from numpy import ndarray

from src.errors import DataError
from src.intervene.causal.game import additivity, pair_interactions, shapley
from src.intervene.causal.players import Player, block_players, coalitions, cuts, segment_players, singles
from src.intervene.engine.gates import Gates, Pattern
from src.intervene.engine.item_table import ItemTable
from src.statistics.estimate import Estimate
from src.statistics.two_way_model import crossed

NUM_SEGMENTS = 5
UNITS = {"logp": "nats a token", "english": "nats a byte"}
"""Of the scores; of English fewer are better."""
PATH = {"share": "path", "at_base": "slope_at_base", "at_tuned": "slope_at_tuned"}
"""What the gradients along the path are called among the quantities."""


@dataclass(frozen=True, eq=False)
class Quantity:
    """One number of the profile, item by item."""

    score: str
    """logp, of the task, or english, of a text that was not trained."""
    kind: str
    """gain, alone, left_out, below, above, interaction, shapley, pair, one of `PATH`, or a control."""
    player: str
    values: ndarray
    """[seed, item]"""

    @cached_property
    def estimate(self) -> Estimate:
        """Over seeds and items; of one seed over items, given its weights."""
        return crossed(self.values)


def patterns(gates: Gates) -> list[Pattern]:
    """Every variant that the profile needs, each once: singles both ways, cuts, all sets of segments."""
    found = [one for pair in singles(gates, block_players(gates)) for one in pair]
    found += [one for pair in cuts(gates) for one in pair]
    found += coalitions(gates, segment_players(gates, NUM_SEGMENTS))
    return list(dict.fromkeys([gates.base, gates.tuned, *found]))


def gain(gates: Gates, table: ItemTable, score: str) -> Quantity:
    """v(tuned) - v(base)."""
    return _quantity(score, "gain", "all", table.of(score, gates.tuned) - table.of(score, gates.base))


def quantities(gates: Gates, table: ItemTable, score: str) -> Iterator[Quantity]:
    """All of them but those of the path, in the order of depth."""
    none, everyone = (table.of(score, pattern) for pattern in (gates.base, gates.tuned))
    yield gain(gates, table, score)
    players = block_players(gates)
    for player, (alone, without) in zip(players, singles(gates, players), strict=True):
        yield _quantity(score, "alone", player.name, table.of(score, alone) - none)
        yield _quantity(score, "left_out", player.name, everyone - table.of(score, without))
    for cut, (below, above) in enumerate(cuts(gates)):
        low, high = table.of(score, below), table.of(score, above)
        yield _quantity(score, "below", f"block {cut}", low - none)
        yield _quantity(score, "above", f"block {cut}", high - none)
        yield _quantity(score, "interaction", f"block {cut}", (everyone - low) - (high - none))
    segments = segment_players(gates, NUM_SEGMENTS)
    game = game_of(gates, table, score, segments)
    for player, share in zip(segments, shapley(game).T, strict=True):
        yield _quantity(score, "shapley", player.name, share)
    together = pair_interactions(game)
    for first, one in enumerate(segments):
        for second in range(first + 1, len(segments)):
            name = f"{one.name} and {segments[second].name}"
            yield _quantity(score, "pair", name, together[:, first, second])


def path_quantities(gates: Gates, gradients: Mapping[str, ndarray], score: str) -> Iterator[Quantity]:
    """What the path says of every part that moved; `gradients` [item, part] under the names of `PATH`."""
    names = {player.parts[0]: player.name for player in block_players(gates)}
    for found, kind in PATH.items():
        for part, values in zip(gates.moved, gradients[found].T, strict=True):
            yield _quantity(score, kind, names[part], values)


def over_seeds(runs: Sequence[Sequence[Quantity]]) -> list[Quantity]:
    """The quantities of several runs of one arm as those of seeds x items.

    Raises:
        DataError: the runs have other players or items.
    """
    found = []
    for same in zip(*runs, strict=True):
        names = {(one.score, one.kind, one.player, one.values.shape[1]) for one in same}
        if len(names) > 1:
            given = " and ".join(sorted({f"{name[2]} ({name[3]} items)" for name in names}))
            raise DataError(f"runs: given {given}; accepted: runs of one arm, which differ by seed alone")
        values = numpy.concatenate([one.values for one in same])
        found.append(Quantity(same[0].score, same[0].kind, same[0].player, values))
    return found


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


def _quantity(score: str, kind: str, player: str, values: ndarray) -> Quantity:
    return Quantity(score, kind, player, numpy.asarray(values, dtype=float)[None])
