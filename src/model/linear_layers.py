"""The linear layers of a block, for families nobody listed: those of the stream, and no router."""

import math
import re

import torch
from torch import nn
from transformers.pytorch_utils import Conv1D

from src.errors import ModelError
from src.model.blocks import Stack
from src.model.onednn import OneDnnLinear
from src.model.quantized import QuantizedLinear
from src.model.text_pass import CANNOT

LINEAR = (nn.Linear, Conv1D)  # Conv1D is a linear layer whose weight is stored transposed
_ROUTER = re.compile("Router|Gating|Gate$")  # as families call the class of theirs
_PLAIN = (nn.Linear.forward, Conv1D.forward, OneDnnLinear.forward, QuantizedLinear.forward)


def linear_layers(model: nn.Module, blocks: list[str], targets: str | list[str]) -> list[list[str]]:
    """Dotted names of linear layers, one list a block.

    Args:
        model: The model the names belong to; adapted layers count once, under their own name.
        blocks: Dotted names of blocks, as from `find_blocks`.
        targets: "linear": all of them. "attention": those whose path inside the block says attention, in the
            name of an attribute or of a class; all of them in a block without attention. A list: those whose
            last name part is in it.

    Raises:
        ModelError: where a name of the list matches nothing, or `targets` is another word.
    """
    every = [_inside(model, block) for block in blocks]
    if targets == "linear":
        return every
    if targets == "attention":
        return [_attention(model, block, names) for block, names in zip(blocks, every, strict=True)]
    if isinstance(targets, str):
        raise ModelError(f"targets: given {targets!r}; accepted: attention, linear, or a list of names")
    available = {_last(name) for names in every for name in names}
    missing = [target for target in targets if target not in available]
    if missing or not targets:
        given = f"no linear layer is named {', '.join(missing)}" if missing else "no name was given"
        raise ModelError(
            f"model.lora_targets: {given} in the blocks of {type(model).__name__}; "
            f"available: {', '.join(sorted(available)) or 'none'}"
        )
    return [[name for name in names if _last(name) in targets] for names in every]


def _inside(model: nn.Module, block: str) -> list[str]:
    """Dotted names of every linear layer of one block, in the order of its modules."""
    names: list[str] = []
    pending = [(block, model.get_submodule(block))]
    while pending:
        name, module = pending.pop()
        if _is_plain(module) or _is_plain(getattr(module, "base_layer", None)):
            names.append(name)  # the parts of an adapted layer (base and low-rank factors) are not layers
            continue
        parts = dict(module.named_children())
        experts = parts.get("experts")
        layers = {child: part for child, part in parts.items() if not _weighs(part, experts)}
        pending.extend((f"{name}.{child}", part) for child, part in reversed(layers.items()))
    return names


def _weighs(module: nn.Module, experts: nn.Module | None) -> bool:
    """Whether a module weighs experts, and is no layer of the stream: a router, by its class or its outputs.

    A linear layer beside experts has an output for each of them, or one for an expert that all tokens share.
    """
    if not isinstance(module, LINEAR):
        return _ROUTER.search(type(module).__name__) is not None
    if experts is None:
        return False
    counts = {len(value) for value in experts.parameters() if value.ndim == 3}
    if isinstance(experts, Stack):
        counts = {len(experts)}
    return not counts or _num_outputs(module) in counts | {1}


def _num_outputs(layer: nn.Linear | Conv1D) -> int:
    return layer.nf if isinstance(layer, Conv1D) else layer.out_features


def _is_plain(module: nn.Module | None) -> bool:
    """Whether a layer is linear and no more; a router may be a linear layer that also picks."""
    return isinstance(module, LINEAR) and (type(module).forward in _PLAIN or _looks_linear(module))


@torch.no_grad()
def _looks_linear(layer: nn.Linear | Conv1D) -> bool:
    """Whether a layer with a forward pass of its own, such as Falcon's, gives the product with its weight."""
    if not isinstance(layer, nn.Linear):
        return False
    given = torch.ones(1, layer.in_features, device=layer.weight.device, dtype=layer.weight.dtype)
    try:
        found = layer(given)
    except CANNOT:
        return False
    expected = nn.functional.linear(given, layer.weight, layer.bias)
    if not isinstance(found, torch.Tensor) or found.shape != expected.shape:
        return False
    rounding = math.sqrt(torch.finfo(found.dtype).eps)
    return found.is_meta or bool((found - expected).abs().max() <= rounding * expected.abs().max())


def _attention(model: nn.Module, block: str, names: list[str]) -> list[str]:
    """The names under attention, or all of them where the block has none."""
    chosen = [name for name in names if _says_attention(model, block, name)]
    return chosen or names


def _says_attention(model: nn.Module, block: str, name: str) -> bool:
    """Whether the layer, or a module between it and the block, is called attention."""
    path = block
    for part in name.removeprefix(f"{block}.").split("."):
        path = f"{path}.{part}"
        words = f"{part} {type(model.get_submodule(path)).__name__}".lower()
        if "attn" in words or "attention" in words:
            return True
    return False


def _last(name: str) -> str:
    return name.rsplit(".", 1)[-1]
