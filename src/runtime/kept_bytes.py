"""Bytes that a forward pass keeps for the backward pass."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import torch
from torch.autograd.graph import saved_tensors_hooks


@contextmanager
def kept_bytes(weights: Iterable[torch.Tensor]) -> Iterator[Callable[[], int]]:
    """Inside, the function it gives tells how many bytes autograd has kept so far.

    Each storage counts once; those of `weights`, which are there anyway, do not count.
    """
    known = {value.untyped_storage()._cdata for value in weights}
    found: dict[int, torch.UntypedStorage] = {}  # storages stay alive, so that no address comes twice

    def keep(value: torch.Tensor) -> torch.Tensor:
        storage = value.untyped_storage()
        if storage._cdata not in known:
            found[storage._cdata] = storage
        return value

    with saved_tensors_hooks(keep, lambda value: value):
        yield lambda: sum(storage.nbytes() for storage in found.values())
