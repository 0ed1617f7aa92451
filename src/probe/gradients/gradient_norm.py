"""How large the gradient of each block was while training went on."""

import math
from collections.abc import Sequence

import torch
from torch import nn

from src.model.trunk import block_modules
from src.probe.table.layer_table import LayerRow
from src.probe.weights.kind_rows import BLOCK, NO_INTERVAL, kind_rows
from src.probe.weights.tensor_kinds import tensor_kind
from src.runtime.dtensor import whole

PART = 0.1  # of the steps: what counts as the start and as the end

BlockNorms = list[float | None]
"""One number a block; None where nothing in the block trains."""


KindNorms = list[dict[str, float]]
"""For each block the norm of each kind of tensor that trains in it."""


def block_gradient_norms(model: nn.Module, blocks: Sequence[str]) -> BlockNorms:
    """L2 norm of the gradient that each block holds now: all its parameters that have one, adapters too.

    Call it after the backward pass and before clipping. The unit is that of the loss over that of a weight.
    None for a block without any gradient. One transfer from the device for all blocks.

    Args:
        model: a model, or one that peft wraps.
        blocks: names of the blocks in the model that peft may wrap, first to last.
    """
    norms = [_norm(list(block.parameters())) for block in block_modules(model, blocks)]
    found = iter(_numbers([norm for norm in norms if norm is not None]))
    return [None if norm is None else next(found) for norm in norms]


def kind_gradient_norms(model: nn.Module, blocks: Sequence[str]) -> KindNorms:
    """The same for each kind of tensor in a block; LoRA factors count under the kind of their layer."""
    parts: list[tuple[int, str, list[nn.Parameter]]] = []
    for index, block in enumerate(block_modules(model, blocks)):
        kinds: dict[str, list[nn.Parameter]] = {}
        for name, weight in block.named_parameters():
            if weight.grad is not None:
                kinds.setdefault(tensor_kind(block, name), []).append(weight)
        parts += [(index, kind, weights) for kind, weights in kinds.items()]
    norms: KindNorms = [{} for _ in blocks]
    numbers = _numbers([_norm(weights) for _, _, weights in parts])
    for (index, kind, _), number in zip(parts, numbers, strict=True):
        norms[index][kind] = number
    return norms


def gradient_norm(steps: Sequence[BlockNorms], kinds: Sequence[KindNorms] = ()) -> list[LayerRow]:
    """Rows of each block's gradient norm over training: `gradient_norm`, `.../start`, `.../end`, `.../kind`.

    The mean over all steps, over the first tenth and over the last tenth of them (at least one step each),
    of what `block_gradient_norms` gave. Range from 0, nats over the unit of a weight. With LoRA it is the
    gradient of the factors, so it scales with their scaling and is compared between blocks of one run, not
    between methods. No standard error: steps depend on each other; n is the number of steps. Missing for a
    block that does not train. No rows without steps. Invariant under the order of the weights and a
    rotation of them. Source: Zhao et al. 2026 (arXiv 2604.11838, before clipping, of blocks).

    Args:
        steps: for each step the norms of the blocks.
        kinds: for each step what `kind_gradient_norms` gave; a kind has the mean over all steps only.
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
    return [*rows, *_of_kinds(kinds)]


def _of_kinds(steps: Sequence[KindNorms]) -> list[LayerRow]:
    measured = []
    for norms in zip(*steps, strict=True):  # of one block at every step, where the same kinds train
        means = {kind: sum(step[kind] for step in norms) / len(norms) for kind in norms[0]}
        measured.append({kind: (mean, NO_INTERVAL, len(norms)) for kind, mean in means.items()})
    return kind_rows("gradient_norm", "change", measured)


def _numbers(norms: list[torch.Tensor]) -> list[float]:
    """One transfer from the device for all of them."""
    return torch.stack(norms or [torch.zeros(())]).tolist()[: len(norms)]


def _norm(weights: Sequence[nn.Parameter]) -> torch.Tensor | None:
    gradients = [weight.grad for weight in weights if weight.grad is not None]
    return whole(nn.utils.get_total_norm(gradients)).float() if gradients else None
