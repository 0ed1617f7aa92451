"""The causal profile of one pair, measured into a folder; what is done there is not done again."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from src.errors import ConfigError
from src.intervene.causal.profile import (
    Quantity,
    gain,
    off_manifold,
    path_quantities,
    patterns,
    profile_additivity,
    quantities,
)
from src.intervene.engine.path import NUM_NODES, path_gradients
from src.intervene.engine.variants import run, score_patterns
from src.intervene.engine.walk import num_steps
from src.intervene.run_pair import RunPair


@dataclass(frozen=True)
class Cost:
    """What the profile will take."""

    num_variants: int
    passes: float
    """Of the trunk, forward, in units of one pass of one variant over all items."""
    num_gradients: int
    """Passes forward and backward beside them."""
    minutes: float
    """By the time that one variant of the first batch takes."""
    num_states: int
    """States of one batch that are held at most."""


@dataclass(frozen=True)
class Profile:
    """What was found."""

    rows: list[Quantity]
    additivity: float
    residual: float
    """Of the path's shares against the gain, as a part of it."""
    num_off: int
    """Variants that score below base and tuned model."""


def cost(pair: RunPair) -> Cost:
    """Counted on the variants; one variant of the first batch is run for the time, twice."""
    replay, batch = pair.replay, pair.items.batches[0]
    variants, num_blocks = patterns(replay.gates), pair.num_blocks
    with replay.running():
        run(replay, batch, replay.gates.tuned)  # the first one is slower
        start = time.perf_counter()
        run(replay, batch, replay.gates.tuned)
        seconds = time.perf_counter() - start
    seconds *= pair.items.num_tokens / batch.inputs["input_ids"].numel()
    passes = sum(num_steps(variants)[1:-1]) / num_blocks + 1  # the tuned model goes first, by itself
    gradients = NUM_NODES + 2
    minutes = seconds * (passes + 3 * gradients) / 60
    return Cost(len(variants), passes, gradients, minutes, num_blocks + 2)


def measure(pair: RunPair, folder: Path, done: Callable[[], None] = lambda: None) -> Profile:
    """Score base and tuned model, then every variant, then the path.

    Args:
        pair: what is compared.
        folder: of the tables: items.npz, and the batches of work under way.
        done: called after every batch of the variants.

    Raises:
        ConfigError: the interval of the gain holds 0, so that there is nothing to share out.
    """
    replay, items = pair.replay, pair.items
    gates = replay.gates
    ends = score_patterns(replay, items, [], folder / "ends", pair.key)
    found = gain(gates, ends, items.score)
    low, high = found.interval()
    if low <= 0 <= high:
        given = f"{found.value:.3g} nats a token ({low:.3g} to {high:.3g})"
        raise ConfigError(f"no profile: given a gain of {given}; needed: one whose interval leaves 0 out")
    table = score_patterns(replay, items, patterns(gates), folder / "variants", pair.key, done)
    table.write(folder / "items.npz")
    path = path_gradients(replay, items, folder / "path", pair.key)["share"]
    rows = [*quantities(gates, table, items.score), *path_quantities(gates, path)]
    residual = (float(path.sum(axis=1).mean()) - found.value) / found.value
    off = off_manifold(gates, table, items.score)
    return Profile(rows, profile_additivity(gates, table, items.score), residual, len(off))
