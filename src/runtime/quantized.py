"""Weights that torchao holds in fewer bits, told by their class alone: torchao need not be installed."""

from typing import Any

from torch import Tensor


def is_quantized(weight: Tensor) -> bool:
    """Whether torchao holds these values in fewer bits."""
    return type(weight).__module__.startswith("torchao.")


def dequantized(weight: Tensor) -> Tensor:
    """The values that a quantised weight stands for, in the dtype that it shows; another tensor as it is."""
    if not is_quantized(weight):
        return weight
    held: Any = weight.detach()
    return held.get_original_weight() if hasattr(held, "get_original_weight") else held.dequantize()


def stored_bytes(weight: Tensor) -> int:
    """What the memory of a tensor takes; of a quantised one its codes and scales. [bytes]"""
    if not is_quantized(weight):
        return weight.numel() * weight.element_size()
    held: Any = weight
    return sum(stored_bytes(getattr(held, name)) for name in held.__tensor_flatten__()[0])
