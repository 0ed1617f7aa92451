"""What is read of a layer that peft put LoRA factors into; told by its attributes, peft is not imported."""

from collections.abc import Mapping, Sequence, Sized
from typing import Protocol, TypeGuard, cast

from torch import nn

from src.model.trunk import base_of


class LoraLayer(Protocol):
    """peft's layer around a linear one. The mappings have an entry an adapter, by its name."""

    adapter_layer_names: Sequence[str]
    """Attributes that may hold weights of adapters."""
    lora_A: Mapping[str, nn.Linear]
    """Factors [rank, inputs]."""
    lora_B: Mapping[str, nn.Linear]
    """Factors [outputs, rank]."""
    lora_magnitude_vector: Sized
    lora_embedding_A: Sized
    scaling: dict[str, float]
    """What the product of the factors is multiplied with."""
    fan_in_fan_out: bool
    """Whether the layer inside stores its weight as [inputs, outputs]."""
    merged: bool
    """Whether an adapter was added to that weight."""

    def get_base_layer(self) -> nn.Linear:
        """The layer inside."""
        ...


def is_lora(module: object) -> TypeGuard[LoraLayer]:
    """Whether peft put LoRA factors here."""
    return hasattr(module, "lora_A") and hasattr(module, "adapter_layer_names")


def lora_layer(model: nn.Module, name: str) -> LoraLayer:
    """The adapted layer of this name in the model that peft wraps."""
    return cast(LoraLayer, base_of(model).get_submodule(name))  # `name` is one that was adapted
