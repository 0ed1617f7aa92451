"""How large the gradient of each block was while training went on."""

import math
from collections.abc import Sequence

import torch
from torch import nn

from src.control.sharded import whole
from src.probe.kind_rows import BLOCK, NO_INTERVAL, kind_rows
from src.probe.table import LayerRow
from src.probe.trunk import block_modules

PART = 0.1  # of the steps: what counts as the start and as the end

BlockNorms = list[float | None]
"""One number a block; None where nothing in the block trains."""


def block_gradient_norms(model: nn.Module, blocks: Sequence[str]) -> BlockNorms:
    """L2 norm of the gradient that each block holds now: all its parameters that have one, adapters too.

    Call it after the backward pass and before clipping. The unit is that of the loss over that of a weight.
    None for a block without any gradient. One transfer from the device for all blocks.

    Args:
        model: a model, or one that peft wraps.
        blocks: names of the blocks in the model that peft may wrap, first to last.
    """
    norms = [_norm(block) for block in block_modules(model, blocks)]
    found = iter(torch.stack([norm for norm in norms if norm is not None] or [torch.zeros(())]).tolist())
    return [None if norm is None else next(found) for norm in norms]


def gradient_norm(steps: Sequence[BlockNorms]) -> list[LayerRow]:
    """Rows of each block's gradient norm over training: `gradient_norm`, `.../start` and `.../end`.

    The mean over all steps, over the first tenth and over the last tenth of them (at least one step each),
    of what `block_gradient_norms` gave. Range from 0, nats over the unit of a weight. With LoRA it is the
    gradient of the factors, so it scales with their scaling and is compared between blocks of one run, not
    between methods. No standard error: steps depend on each other; n is the number of steps. Missing for a
    block that does not train. No rows without steps.

    Args:
        steps: for each step the norms of the blocks.
    """
    part = max(round(PART * len(steps)), 1)
    taken = {"gradient_norm": steps, "gradient_norm/start": steps[:part], "gradient_norm/end": steps[-part:]}
    rows = []
    for name, some in taken.items() if steps else ():
        per_block = [
            [math.nan if norm is None else norm for norm in norms] for norms in zip(*some, strict=True)
        ]
        measured = [{BLOCK: (sum(norms) / len(norms), NO_INTERVAL, len(norms))} for norms in per_block]
        rows.extend(kind_rows(name, "change", measured))
    return rows


def _norm(block: nn.Module) -> torch.Tensor | None:
    gradients = [weight.grad for weight in block.parameters() if weight.grad is not None]
    return whole(nn.utils.get_total_norm(gradients)).float() if gradients else None
