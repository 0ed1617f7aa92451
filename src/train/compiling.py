"""Blocks compiled by torch.compile while they train; outside of it they are what they were."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from torch import nn


@contextmanager
def compiled(blocks: Sequence[nn.Module], backend: str = "inductor") -> Iterator[None]:
    """Inside, each block is compiled where it is first called; blocks of one shape share what was made.

    Fused operations round otherwise: gradients differ from those without it in the last bits of float32.

    Args:
        blocks: as they lie in the model that is trained.
        backend: torch's name of a compiler.
    """
    for block in blocks:
        block.compile(backend=backend)
    try:
        yield
    finally:
        for block in blocks:
            block._compiled_call_impl = None  # torch has no name for the way back
