"""What a family keeps of each row between two passes, where rows can be chosen from it."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import nn
from transformers import Cache
from transformers.cache_utils import DynamicLayer, DynamicSlidingWindowLayer

_WORTH = 64
"""Positions that a pass of its own has to save."""


class Read(NamedTuple):
    """What is kept of the tokens that some prompts begin with, once for each of them."""

    num_tokens: int
    caches: dict[str, Cache]


NOTHING_READ = Read(0, {})


def caches(model: nn.Module, kept: Mapping[str, Any]) -> dict[str, Cache]:
    """The caches in what a pass returns or `generate` keeps, by the names that a model takes them by.

    Empty where rows cannot be chosen from all that is kept: where a family has a form of its own (RWKV), or
    keeps an offset of each row in a module, as models with positions of images do.
    """
    if any(hasattr(module, "rope_deltas") for module in model.modules()):
        return {}
    return {name: value for name, value in kept.items() if isinstance(value, Cache)}


@torch.no_grad()
def read_once(model: Any, prompts: Sequence[list[int]], num_new: int) -> Read:
    """Read the tokens that all prompts begin with; nothing where that is not worth a pass of its own.

    Only where a family keeps keys and values of all positions, also of those of the answer: in a sliding
    window, what pads the shorter prompts would take the place of tokens.
    """
    first, last = min(prompts), max(prompts)  # what these two have in common, in their order, all have
    pairs = enumerate(zip(first, last, strict=False))
    begun = next((place for place, (one, other) in pairs if one != other), len(first))
    begun = min(begun, min(map(len, prompts)) - 1)
    if begun * (len(prompts) - 1) < _WORTH:
        return NOTHING_READ
    ids = torch.tensor([first[:begun]], device=model.device)
    kept = caches(model, model(input_ids=ids, use_cache=True))
    if not by_position(kept, max(map(len, prompts)) + num_new):
        return NOTHING_READ
    rows: Any = torch.zeros(len(prompts), dtype=torch.long, device=model.device)
    for cache in kept.values():
        cache.reorder_cache(rows)
    return Read(begun, kept)


def by_position(kept: Mapping[str, Cache], length: int) -> bool:
    """Whether all that is kept are keys and values, and those of so many positions."""
    layers = [layer for cache in kept.values() for layer in cache.layers]
    return bool(layers) and all(
        type(layer) is DynamicLayer
        or (type(layer) is DynamicSlidingWindowLayer and layer.sliding_window > length)
        for layer in layers
    )
