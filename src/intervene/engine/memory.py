"""How much memory a batch will need beside the model, before anything is run."""

import psutil
import torch
from torch import Tensor

from src.errors import ConfigError
from src.intervene.engine.gates import BASE
from src.intervene.engine.items import ItemBatch, Items
from src.intervene.engine.path import gate_scores
from src.intervene.engine.replay import Passing, Replay
from src.intervene.engine.sharing import any_rank
from src.runtime.kept_bytes import kept_bytes

_LOGITS = 6
"""Arrays [position, vocabulary] of float32 at once: both ends, the variant, its logarithm, two products."""


def needed_bytes(replay: Replay, items: Items, num_states: int, gradients: bool = True) -> int:
    """The most that any batch takes: states and logits of the walk, or what a backward pass keeps.

    The latter is counted on one row of the largest batch, by what autograd saves of it.

    Args:
        replay: the model under its gates.
        items: batches of rows.
        num_states: states of a batch that the walk holds at most.
        gradients: whether there is a backward pass.
    """
    largest = max(items.batches, key=lambda batch: batch.inputs["input_ids"].numel())
    positions = max(len(batch.targets) for batch in items.batches)
    row = largest.part(slice(1))
    with replay.running():
        states = replay.step(0, BASE, Passing(row.inputs)).states
        head = replay.head(states[:, :1], BASE)
    rows = len(largest.numbers)
    walk = num_states * rows * _bytes(states) + _LOGITS * positions * head.shape[-1] * 4
    return max(walk, rows * _saved(replay, row)) if gradients else walk


def check_memory(needed: int, batch_size: int, device: torch.device) -> None:
    """ConfigError where it is not there; said in bytes, before the start."""
    on_card = device.type == "cuda"
    free = torch.cuda.mem_get_info(device)[0] if on_card else psutil.virtual_memory().available
    if any_rank(needed > free):
        fitting = max(1, batch_size * free // needed)
        raise ConfigError(
            f"--batch: given {batch_size} rows, which need {needed} bytes beside the model; accepted: what "
            f"fits into the {free} bytes that are free, such as {fitting}"
        )


def _saved(replay: Replay, row: ItemBatch) -> int:
    """Bytes that a backward pass of one row keeps."""
    parts = replay.gates.moved
    with replay.running(gradients=True), kept_bytes(replay.base.parameters()) as kept:
        gate_scores(replay, row, parts, torch.full((len(parts), 1), 0.5, requires_grad=True)).sum()
        return kept()


def _bytes(tensor: Tensor) -> int:
    return tensor.numel() * tensor.element_size()
