"""The base model with something added to the output of blocks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from src.intervene.engine.gates import BASE, TUNED, Gate
from src.intervene.engine.items import ItemBatch
from src.intervene.engine.replay import Passing, Replay
from src.intervene.engine.scoring import gold

Push = Mapping[int, Tensor]
"""By block what is added to its output: a direction [width], or something else at every place
[row, token, width]."""


@dataclass(frozen=True)
class Ends:
    """One batch in both models, after the embeddings and after every block: layers 0 to L."""

    batch: ItemBatch
    where: Tensor
    """[row, token] bool, the places that are pushed."""
    base: Sequence[Passing]
    tuned: Sequence[Passing]


def ends_of(replay: Replay, batch: ItemBatch, positions: str) -> Ends:
    """Run both models over a batch; `positions` as `places`."""
    base, tuned = (layers(replay, batch, gate) for gate in (BASE, TUNED))
    return Ends(batch, places(batch, positions), base, tuned)


def places(batch: ItemBatch, positions: str) -> Tensor:
    """The tokens that are pushed, [row, token] bool.

    completion: those whose output predicts the completion (of a model that reads in both directions, is
    it); prompt: those before them; all: every token.
    """
    real, chosen = batch.inputs["attention_mask"].bool(), batch.chosen
    if positions == "completion":
        return chosen
    return real if positions == "all" else real & (chosen.cumsum(dim=1) == 0)


def pushed(replay: Replay, ends: Ends, push: Push) -> Tensor:
    """Logits [position, vocabulary] of the base with the push, float32; blocks below it are not run again."""
    first = min(push)
    passing = _add(ends.base[first + 1], ends.where, push[first])
    for block in range(first + 1, len(replay.blocks)):
        passing = replay.step(block + 1, BASE, passing)
        if block in push:
            passing = _add(passing, ends.where, push[block])
    return logits(replay, ends.batch, passing, BASE)


def logits(replay: Replay, batch: ItemBatch, passing: Passing, gate: Gate) -> Tensor:
    """What the head says of the states after the last block at the positions that are scored, float32."""
    states = passing.states[batch.chosen.to(passing.states.device)]
    return replay.head(states[None], gate)[0].float()


def slopes(replay: Replay, batch: ItemBatch, positions: str, directions: Tensor) -> Tensor:
    """Derivative of each row's score with respect to the size of each block's direction at 0, [row, block].

    One backward pass for all; the score is that of `gold`. Inside `replay.running(gradients=True)`.

    Args:
        replay: the model under its gates.
        batch: rows.
        positions: where the directions would be added.
        directions: [block, width].
    """
    where = places(batch, positions)
    rows, device = len(batch.numbers), next(replay.base.parameters()).device
    sizes = torch.zeros(len(directions), rows, device=device, requires_grad=True)
    passing = replay.step(0, BASE, Passing(batch.inputs))
    for block, direction in enumerate(directions):
        passing = replay.step(block + 1, BASE, passing)
        passing = _add(passing, where, sizes[block][:, None, None] * direction.to(device))
    said = logits(replay, batch, passing, BASE).log_softmax(dim=-1)
    (found,) = torch.autograd.grad(gold(said, batch).sum(), sizes)
    return found.T.double().cpu()


def layers(replay: Replay, batch: ItemBatch, gate: Gate) -> list[Passing]:
    """A batch after the embeddings and after every block: layers 0 to L."""
    found = [replay.step(0, gate, Passing(batch.inputs))]
    for block in range(len(replay.blocks)):
        found.append(replay.step(block + 1, gate, found[-1]))
    return found


def _add(passing: Passing, where: Tensor, added: Tensor) -> Passing:
    states = passing.states
    added = added.to(states.device, states.dtype)
    return replace(passing, states=states + added * where.to(states.device)[..., None])
