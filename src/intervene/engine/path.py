"""Gradients of the score along the straight path from base to tuned weights, by part and item."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy
import torch
from torch import Tensor

from src.errors import ModelError
from src.intervene.engine.item_table import Arrays, collect
from src.intervene.engine.items import ItemBatch, Items
from src.intervene.engine.parts import HEAD, Part
from src.intervene.engine.replay import Passing, Replay
from src.intervene.engine.scoring import gold
from src.intervene.engine.sharing import stop_between_passes
from src.storage.cache import code_fingerprint

NUM_NODES = 8
"""Gauss-Legendre nodes; exact where the score is a polynomial of degree 16 in the share."""


def path_gradients(
    replay: Replay,
    items: Items,
    folder: Path,
    key: Any,
    num_nodes: int = NUM_NODES,
    done: Callable[[], object] = lambda: None,
) -> Arrays:
    """`share`, `at_base` and `at_tuned`, each [item, part] over the parts that moved.

    share: the integral over t from 0 to 1 of dv / dg_part at g = t everywhere (Aumann and Shapley's share);
    at_base, at_tuned: dv / dg_part at t = 0 and 1. All items of a batch get theirs from one backward pass,
    through one gate a row. Where a model cannot have that (checked), its rows pass one by one.

    Args:
        replay: the model under its gates.
        items: what is scored.
        folder: for the batches that are done.
        key: the weights of both sides.
        num_nodes: of the quadrature.
        done: called after every batch.
    """
    nodes, weights = numpy.polynomial.legendre.leggauss(num_nodes)
    points = [*((nodes + 1) / 2), 0.0, 1.0]
    code = code_fingerprint("intervene/engine", "model", "data")
    full_key = {"pair": key, "points": points, "items": [items.score, items.ids, items.content], "code": code}
    parts = replay.gates.moved
    together = rows_are_apart(replay, items.batches[0], parts)

    def compute(batch: ItemBatch) -> tuple[numpy.ndarray, Arrays]:
        small = [batch] if together else batch.single_rows()
        found = numpy.concatenate([gate_slopes(replay, one, parts, points) for one in small], axis=1)
        share = numpy.tensordot(weights / 2, found[:num_nodes], axes=1)
        return batch.numbers.numpy(), {"share": share, "at_base": found[-2], "at_tuned": found[-1]}

    with replay.running(gradients=True):
        return collect(folder, full_key, items.batches, compute, done)


def rows_are_apart(replay: Replay, batch: ItemBatch, parts: Sequence[Part]) -> bool:
    """Whether one gate a row does to each row what that gate alone does to it, on two rows."""
    rows = batch.single_rows()[:2]
    shares = torch.tensor([[0.3, 0.8][: len(rows)]] * len(parts))
    with replay.running(), torch.no_grad():
        try:
            together = gate_scores(replay, batch.part(slice(len(rows))), parts, shares)
        except (ModelError, RuntimeError):  # of shapes that do not fit
            return False
        alone = torch.cat(
            [gate_scores(replay, row, parts, shares[:, place]) for place, row in enumerate(rows)]
        )
    return together.shape == alone.shape and torch.allclose(together, alone, rtol=0, atol=1e-4)


def gate_slopes(
    replay: Replay, batch: ItemBatch, parts: Sequence[Part], points: Sequence[float]
) -> numpy.ndarray:
    """Dv / dg at some shares that all parts have, [point, row, part]: a pass forward and back each."""
    found = []
    for point in points:
        stop_between_passes()
        shares = torch.full((len(parts), len(batch.numbers)), point, requires_grad=True)
        (slope,) = torch.autograd.grad(gate_scores(replay, batch, parts, shares).sum(), shares)
        found.append(slope.T.double().cpu().numpy())
    return numpy.stack(found)


def gate_scores(replay: Replay, batch: ItemBatch, parts: Sequence[Part], shares: Tensor) -> Tensor:
    """The score of every row under shares [part, row]; of a single row its shares are plain numbers."""
    device = next(replay.base.parameters()).device
    by_part = dict(zip(parts, shares.to(device), strict=True))
    if len(batch.numbers) == 1:
        by_part = {part: share[0] if share.ndim else share for part, share in by_part.items()}
    passing = Passing(batch.inputs)
    for part in replay.gates.parts[:-1]:
        if part in by_part:
            with replay.gates.traced(part, by_part[part]):
                passing = replay.part(part, passing)
        else:
            passing = replay.part(part, passing)
    states = passing.states[batch.chosen.to(device)][:, None]  # a row a position, so that each has a share
    if HEAD in by_part:
        share = by_part[HEAD]
        with replay.gates.traced(HEAD, share[batch.rows.to(device)] if share.ndim else share):
            logits = replay.head_path(states)
    else:
        logits = replay.head_path(states)
    return gold(logits[:, 0].float().log_softmax(dim=-1), batch)
