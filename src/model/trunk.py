"""The parts of a model that stand around its blocks, with or without adapters."""

from torch import nn


def base_of(model: nn.Module) -> nn.Module:
    """The model itself where peft wraps it (its layers still hold the adapters), else the model given."""
    return model.get_base_model() if hasattr(model, "get_base_model") else model


def trunk_of(model: nn.Module) -> nn.Module:
    """The model without its output head; the whole model where it has no separate trunk."""
    base = base_of(model)
    return getattr(base, "base_model", base)
