"""The published forms, with scores in place of reading by eye.

Patching: for layer index i, which is what enters block i, the mean over 100 rows of the difference of mean
states over all tokens; added at every token to the output of the last block of each of four segments, all at
once, times -0.1, -0.01, 0.01 and 0.1. Steering: the first principal component, centred, of the differences at
the last token of 100 rows; of unit norm and whichever sign comes out, added to the outputs of blocks 10 to 30
with the vector of what enters the block. Pads, which the published code can meet, are never read.
"""

import math
from collections.abc import Iterator

import torch
from torch import Tensor

from src.errors import ConfigError
from src.intervene.quantity import Quantity, quantity
from src.intervene.vectors.pushes import ends_of
from src.intervene.vectors.study import Case, changes
from src.intervene.vectors.variants import SCORES, Variant, always

NUM_ROWS, NUM_SEGMENTS = 100, 4
ALPHAS = (-0.1, -0.01, 0.01, 0.1)
STEERED = range(10, 31)


def published_targets(num_blocks: int) -> list[int]:
    """The last block of each of four segments of ceil(L / 4) blocks."""
    size = math.ceil(num_blocks / NUM_SEGMENTS)
    return sorted({min((place + 1) * size, num_blocks) - 1 for place in range(NUM_SEGMENTS)})


def published_patches(case: Case) -> list[Quantity]:
    """The gain, and the change under each alpha."""
    moved = _entering(case, last_only=False).mean(dim=1)
    targets = published_targets(case.pair.num_blocks)
    variants = [
        Variant("published", f"alpha {alpha:g}", always({b: alpha * moved[b] for b in targets}))
        for alpha in ALPHAS
    ]
    return _scored(case, variants)


def published_steering(case: Case) -> list[Quantity]:
    """The gain, and the change under the published vector.

    Raises:
        ConfigError: the model ends before block 10, or all rows differ alike, so that no component is left.
    """
    targets = [block for block in STEERED if block < case.pair.num_blocks]
    if not targets:
        raise ConfigError(
            f"intervention.form: given published for {case.pair.num_blocks} blocks; accepted: a model of "
            "at least 11, as blocks 10 to 30 are steered"
        )
    moved = _entering(case, last_only=True)
    push = {block: first_component(moved[block]) for block in targets}
    return _scored(case, [Variant("published", "alpha 1", always(push))])


def first_component(rows: Tensor) -> Tensor:
    """The first principal component [width] of rows [row, width], centred, unit norm, its sign arbitrary.

    Raises:
        ConfigError: all rows are the same.
    """
    centred = rows.double() - rows.double().mean(dim=0)
    if centred.norm() <= 1e-9 * rows.double().norm():
        raise ConfigError(
            "intervention.form: given published where all rows differ alike, so that centring leaves no "
            "direction; accepted: sound"
        )
    return torch.linalg.svd(centred, full_matrices=False).Vh[0]


def _entering(case: Case, last_only: bool) -> Tensor:
    """Tuned minus base of what enters each block, the mean or the last token of rows: [block, row, width]."""
    found: list[Tensor] = []
    replay = case.pair.replay
    with replay.running():
        for batch in case.fit.batches:
            ends = ends_of(replay, batch, "all")
            where = ends.where
            if last_only:
                where = where & (where.cumsum(dim=1) == where.sum(dim=1, keepdim=True))
            share = (where / where.sum(dim=1, keepdim=True)).to(ends.base[0].states.device)
            moved = [
                ((tuned.states - base.states).float() * share[..., None]).sum(dim=1)
                for base, tuned in zip(ends.base[:-1], ends.tuned[:-1], strict=True)
            ]
            found.append(torch.stack(moved).cpu())
    return torch.cat(found, dim=1)[:, :NUM_ROWS]


def _scored(case: Case, variants: list[Variant]) -> list[Quantity]:
    table = case.scored_under(variants, "all", "published")
    gain: Iterator[Quantity] = (quantity(s, "gain", "all", table.change(s, "tuned")) for s in SCORES)
    return [*gain, *changes(table, table.names[2:])]
