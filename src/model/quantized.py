"""A frozen base in 8 or 4 bits: the linear layers of its blocks, by torchao, whole while they compute.

int8    symmetric, one scale a row
nf4     normal floats of 4 bits, one scale for 64 weights, these scales in 8 bits (QLoRA, arXiv 2305.14314)

torchao's own int8 layer would keep its whole weight for the backward pass; one of these keeps nothing but
what it holds, and unpacks it once more.
"""

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

from src.config.rules import refuse
from src.errors import ModelError
from src.model.text_pass import text_pass
from src.runtime.quantized import dequantized, stored_bytes

BLOCK, SCALES = 64, 256
"""nf4: weights of one scale, and the most scales that share their own."""


class QuantizedLinear(nn.Linear):
    """A frozen linear layer. A gradient passes to its input; its weight has none."""

    def forward(self, input: Tensor) -> Tensor:
        """As that of the layer with the values that its weight stands for."""
        if torch.is_autocast_enabled(input.device.type):
            input = input.to(torch.get_autocast_dtype(input.device.type))
        passed: Tensor = _Unpacked.apply(input, self)
        return passed if self.bias is None else passed + self.bias.to(passed.dtype)


class _Unpacked(torch.autograd.Function):
    """x W', where W is unpacked forward, let go, and unpacked again backward."""

    @staticmethod
    def forward(ctx: Any, input: Tensor, layer: nn.Linear) -> Tensor:
        ctx.layer = layer
        return linear(input, dequantized(layer.weight).to(input.dtype))

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        (gradient,) = gradients
        return gradient @ dequantized(ctx.layer.weight).to(gradient.dtype), None


def quantized_names(model: nn.Module, blocks: Sequence[str]) -> list[str]:
    """The linear layers inside blocks that are held in fewer bits; embeddings and head are none of them."""
    inside = tuple(f"{block}." for block in blocks)
    named = model.named_modules()
    return [name for name, one in named if name.startswith(inside) and type(one) is nn.Linear]


def quantize(model: nn.Module, blocks: Sequence[str], kind: str, device: torch.device, title: str) -> None:
    """Hold the linear layers of all blocks in fewer bits, in place; each is quantised on `device`.

    Args:
        model: frozen.
        blocks: names of its blocks.
        kind: int8 or nf4.
        device: the whole weights are there one at a time.
        title: of the model, for errors.

    Raises:
        ConfigError: torchao is not installed.
        ModelError: the model has no such layers, or one of another size than nf4 takes.
    """
    _check_installed(kind)
    names = quantized_names(model, blocks)
    if not names:
        raise ModelError(f"model.quantization: given {kind}; accepted: none, {title} has no linear layers")
    for name in names:
        layer = model.get_submodule(name)
        assert isinstance(layer, nn.Linear)  # by its name
        parent, _, last = name.rpartition(".")
        setattr(model.get_submodule(parent), last, _quantized(layer, kind, device, f"{name} of {title}"))


def check_readable(model: nn.Module, blocks: Sequence[str], kind: str, title: str) -> None:
    """ModelError where a quantised model answers no text: some families read weights of layers themselves."""
    if text_pass(model, blocks) is None:
        raise ModelError(
            f"model.quantization: given {kind}; accepted: none, {title} reads weights of its layers by itself"
        )


def _check_installed(kind: str) -> None:
    try:
        import torchao  # noqa: F401
    except ImportError:
        refuse("model.quantization", kind, 'none, or with torchao installed: pip install "torchao==0.18.0"')


def dequantize(model: nn.Module) -> None:
    """Give every quantised layer the values that it stands for, in place: the same answers, whole weights."""
    for name, layer in list(model.named_modules()):
        if isinstance(layer, QuantizedLinear):
            whole = _like(nn.Linear, layer)
            whole.weight = nn.Parameter(dequantized(layer.weight), requires_grad=False)
            parent, _, last = name.rpartition(".")
            setattr(model.get_submodule(parent), last, whole)


def describe_quantized(model: nn.Module) -> dict[str, Any]:
    """What a record says of layers that are held in fewer bits; nothing without any."""
    weights = [layer.weight for layer in model.modules() if isinstance(layer, QuantizedLinear)]
    if not weights:
        return {}
    held = {"layers": len(weights), "as": type(weights[0]).__name__, "bytes": sum(map(stored_bytes, weights))}
    return {"quantized": held}


def bytes_in(kind: str, weight: Tensor) -> int:
    """What a weight of the model's dtype would take in int8 or nf4, codes and scales. [bytes]"""
    number, of_scale = weight.numel(), weight.element_size()
    if kind == "int8":
        return number + len(weight) * (4 + 1)  # each row: a scale in float32, and a zero point of 8 bits
    scales = number // BLOCK
    return number // 2 + scales + (scales // num_sharing(number) + 1 + 2**4) * of_scale


def _quantized(layer: nn.Linear, kind: str, device: torch.device, title: str) -> QuantizedLinear:
    made = _like(QuantizedLinear, layer)
    weight = layer.weight.detach().to(device)
    if kind == "nf4":
        made.weight = nn.Parameter(_nf4(weight, title), requires_grad=False)
        return made
    from torchao.quantization import Int8WeightOnlyConfig, quantize_

    made.weight = nn.Parameter(weight, requires_grad=False)
    quantize_(made, Int8WeightOnlyConfig(version=2))
    made.weight.requires_grad_(False)
    return made


def _nf4(weight: Tensor, title: str) -> Tensor:
    from torchao.quantization import NF4Tensor

    if weight.numel() % BLOCK:
        raise ModelError(
            f"model.quantization: given nf4; accepted: none or int8, {title} has {weight.numel()} weights, "
            f"no multiple of {BLOCK}"
        )
    return NF4Tensor.from_tensor(weight, BLOCK, num_sharing(weight.numel()))


def num_sharing(num_weights: int) -> int:
    """Scales of a layer in nf4 that share one of their own."""
    return math.gcd(num_weights // BLOCK, SCALES)


def _like(kind: Any, layer: nn.Linear) -> Any:
    """A layer of the same shape without a weight, with the bias itself."""
    made = kind(layer.in_features, layer.out_features, bias=False, device="meta")
    made.bias = layer.bias
    return made.train(layer.training)
