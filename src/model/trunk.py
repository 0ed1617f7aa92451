"""The parts of a model that stand around its blocks, with or without adapters."""

from collections.abc import Sequence

from torch import nn

from src.errors import ModelError


def base_of(model: nn.Module) -> nn.Module:
    """The model itself where peft wraps it (its layers still hold the adapters), else the model given."""
    return model.get_base_model() if hasattr(model, "get_base_model") else model


def trunk_of(model: nn.Module) -> nn.Module:
    """The model without its output head; the whole model where it has no separate trunk."""
    base = base_of(model)
    return getattr(base, "base_model", base)


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
