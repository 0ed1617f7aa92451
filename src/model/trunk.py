"""The parts of a model that stand around its blocks, with or without adapters."""

import inspect
from collections.abc import Sequence
from typing import Any, cast

from torch import Tensor, nn
from transformers import PreTrainedModel

from src.errors import ModelError


def base_of(model: nn.Module) -> PreTrainedModel:
    """The model itself where peft wraps it (its layers still hold the adapters), else the model given."""
    base: Any = model.get_base_model if hasattr(model, "get_base_model") else None
    return base() if base else cast(PreTrainedModel, model)  # what is loaded is one of transformers'


def trunk_of(model: nn.Module) -> nn.Module:
    """The model without its output head; the whole model where it has no separate trunk."""
    base = base_of(model)
    return getattr(base, "base_model", base)


def without_cache(module: nn.Module) -> dict[str, bool]:
    """The option of a forward pass that keeps nothing for the next token; none of a module without one."""
    return {"use_cache": False} if "use_cache" in inspect.signature(module.forward).parameters else {}


def token_table(model: nn.Module) -> Tensor:
    """The embedding of every token id, [token, width]."""
    embedding: Any = base_of(model).get_input_embeddings()  # of every family a module with one weight
    return embedding.weight


def block_modules(model: nn.Module, blocks: Sequence[str]) -> list[nn.Module]:
    """The modules of the blocks, by their dotted names in the model that peft may wrap.

    Raises:
        ModelError: no block was named, or the model has no module of that name.
    """
    base = base_of(model)
    if not blocks:
        raise ModelError("blocks: given none; accepted: the names of the model's blocks, first to last")
    found = []
    for name in blocks:  # each looked for by itself: all modules of a model are thousands
        try:
            found.append(base.get_submodule(name))
        except AttributeError:
            raise ModelError(
                f"blocks: given {name!r}; accepted: a module name of {type(base).__name__}"
            ) from None
    return found
