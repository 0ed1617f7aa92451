"""Activation checkpointing that knows the band: only blocks that a gradient reaches are computed twice.

The libraries around us let the embeddings require gradients for it, so that backward and recomputation walk
through all blocks. Here the blocks below the lowest trained one run once, without a graph.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint


@contextmanager
def activation_checkpointing(blocks: Sequence[nn.Module]) -> Iterator[None]:
    """Inside, the lowest trained block and those above keep their input alone and run again for backward.

    Gradients are the same bit for bit, dropout included: the random state of the first time is restored.
    Memory falls to one input a block and the inside of one block; these blocks run forward twice.

    Args:
        blocks: first to last, as they lie in the model that is trained.
    """
    trained = [any(value.requires_grad for value in block.parameters()) for block in blocks]
    some = list(blocks[trained.index(True) :]) if any(trained) else []
    for block in some:
        block.forward = _twice(block.forward)
    try:
        yield
    finally:
        for block in some:
            del block.forward  # the method of its class shows again


def _twice(forward: Callable[..., Any]) -> Callable[..., Any]:
    def compute(*given: Any, **options: Any) -> Any:
        if not torch.is_grad_enabled():
            return forward(*given, **options)
        return checkpoint(forward, *given, use_reentrant=False, **options)

    return compute
