"""The parts of a model that a probe needs, with or without adapters around it."""

from collections.abc import Sequence

from torch import nn

from src.errors import ModelError
from src.model.trunk import base_of, trunk_of

__all__ = ["base_of", "block_modules", "trunk_of"]


def block_modules(model: nn.Module, blocks: Sequence[str]) -> list[nn.Module]:
    """The modules of the blocks, by their dotted names in the model that peft may wrap.

    Raises:
        ModelError: no block was named, or the model has no module of that name.
    """
    base = base_of(model)
    if not blocks:
        raise ModelError("blocks: given none; accepted: the names of the model's blocks, first to last")
    known = dict(base.named_modules())
    for name in blocks:
        if name not in known:
            raise ModelError(f"blocks: given {name!r}; accepted: a module name of {type(base).__name__}")
    return [known[name] for name in blocks]
