"""The penalty of a run, from its settings."""

import logging
from functools import partial
from pathlib import Path

from src.method.adapted import AdaptedModel
from src.method.catalog import method_of
from src.method.penalty.chosen import Chosen, chosen_matrices
from src.method.penalty.directions import Directions, random_directions, singular_directions
from src.method.penalty.from_base import FromBase
from src.method.penalty.of_weights import OfWeights, Term
from src.method.penalty.penalty import Penalty
from src.method.weights import base_weights

_LOG = logging.getLogger(__name__)


def make_penalty(adapted: AdaptedModel, seed: int, cache: Path) -> Penalty | None:
    """What is added to the loss: by the settings, else by the method itself; None for nothing, at no cost.

    Args:
        adapted: the model with its trainable band; what its weights were is known from it.
        seed: of random directions.
        cache: folder of the cache, where singular directions lie that were found before.

    Raises:
        ConfigError, ModelError: as `chosen_matrices`.
    """
    config = adapted.config
    if config.penalty == "none":
        return method_of(adapted).penalty(adapted)
    if config.penalty == "kl":
        return FromBase(adapted.model, partial(base_weights, adapted), config.penalty_weight)
    chosen = chosen_matrices(adapted)
    whole = sum(one.whole for one in chosen)
    if whole and config.penalty != "l2sp":
        _LOG.warning(
            "method.penalty=%s: %d of %d matrices are punished whole, as L2-SP does: k is all of their "
            "directions",
            config.penalty,
            whole,
            len(chosen),
        )
    terms = [_term(adapted, one, seed, cache) for one in chosen]
    return OfWeights(terms, config.penalty_proximal)


def _term(adapted: AdaptedModel, chosen: Chosen, seed: int, cache: Path) -> Term:
    config, update = adapted.config, chosen.update
    directions = None
    if not chosen.whole:
        directions = _directions(adapted, chosen, seed, cache)
    weight = config.penalty_weight / _normaliser(chosen, directions, config.penalty_normalise, cache)
    return Term(update, weight, directions, off_diagonal=config.penalty == "rotation")


def _directions(adapted: AdaptedModel, chosen: Chosen, seed: int, cache: Path) -> Directions:
    update, count, kind = chosen.update, chosen.count, adapted.config.penalty
    if kind == "random":
        return random_directions(update.base, count, seed, update.name)
    return singular_directions(update.base, count, kind == "bottom", cache)


def _normaliser(chosen: Chosen, directions: Directions | None, kind: str, cache: Path) -> float:
    """One scale for all arms of equal k: with `singular` that of the leading directions, whatever is held."""
    base = chosen.update.base
    if kind == "none":
        return 1.0
    if kind == "entries":
        return float(base.numel() if directions is None else chosen.count**2)
    if directions is None:
        return float(base.detach().double().square().sum())
    return float(singular_directions(base, chosen.count, False, cache).squares.double().sum())
