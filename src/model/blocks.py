"""Takes a model apart by its structure, for families nobody listed: its blocks, and their linear layers."""

import math
import re
from collections.abc import Iterator
from typing import TypeAlias

import torch
from torch import nn
from transformers.pytorch_utils import Conv1D

from src.errors import ModelError
from src.model.quantized import QuantizedLinear
from src.model.text_pass import CANNOT, text_pass

Stack: TypeAlias = nn.ModuleList | nn.Sequential
LINEAR = (nn.Linear, Conv1D)  # Conv1D is a linear layer whose weight is stored transposed
_ROUTER = re.compile("Router|Gating|Gate$")  # as families call the class of theirs
_PLAIN = (nn.Linear.forward, Conv1D.forward, QuantizedLinear.forward)


def find_blocks(model: nn.Module) -> list[str]:
    """Dotted names of the blocks of `model`, from input to output.

    The stack is the list of modules (ModuleList or Sequential) that holds the most parameters; among lists
    that hold equally many it is the outermost. Where the configuration counts the blocks, only lists of that
    length are considered; elsewhere the entries must be of one class. Where several lists fit, those count
    that a pass of text goes through: a vision tower may be as deep. One block that runs at every layer
    (ALBERT) is named once; `num_applications` tells how often it runs.

    Raises:
        ModelError: for encoder-decoder models, for several blocks of shared weights, and where no list fits.
    """
    config = getattr(model, "config", None)
    if getattr(config, "is_encoder_decoder", False):
        raise ModelError(f"{_name(model)}: encoder-decoder model; accepted: models with one stack of blocks")
    expected = _expected_length(config)
    lists = list(_lists(model))
    if expected is not None and (own := _own_blocks(model, lists, expected)) < expected:
        return _shared(model, lists, expected, own)
    fitting = [entry for entry in lists if _fits(entry[1], expected)]
    if not fitting:
        wanted = (
            "repeated blocks of one class" if expected is None else f"{expected} blocks (num_hidden_layers)"
        )
        found = ", ".join(f"{name or 'the model itself'} ({len(stack)})" for name, stack in lists) or "none"
        raise ModelError(f"{_name(model)}: no list of {wanted} was found; lists of modules: {found}")
    if len(fitting) > 1:
        fitting = _passed_by_text(model, fitting)
    name, stack = max(fitting, key=lambda entry: _num_parameters(entry[1]))  # the first, the outermost
    return _entries(name, stack)


def _passed_by_text(model: nn.Module, lists: list[tuple[str, Stack]]) -> list[tuple[str, Stack]]:
    """The lists whose every module a pass of text goes through; all where that cannot be told."""
    reached = text_pass(model, [entry for one in lists for entry in _entries(*one)])
    if reached is None:
        return lists
    return [one for one in lists if reached.keys() >= set(_entries(*one))] or lists


def _entries(name: str, stack: Stack) -> list[str]:
    return [f"{name}.{child}" if name else child for child, _ in stack.named_children()]


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


def _lists(model: nn.Module) -> Iterator[tuple[str, Stack]]:
    """Every list of modules with its dotted name, outer ones before the ones inside them."""
    for name, module in model.named_modules():
        if isinstance(module, Stack) and len(module) > 0:
            yield name, module


def _fits(stack: Stack, expected: int | None) -> bool:
    """Whether a list can be the stack; a list that repeats one module (shared weights) is never."""
    if len(list(stack.children())) < len(stack):
        return False
    if expected is not None:
        return len(stack) == expected
    return len(stack) > 1 and len({type(block) for block in stack}) == 1


def _own_blocks(model: nn.Module, lists: list[tuple[str, Stack]], expected: int) -> int:
    """How many blocks the layers have that the configuration counts."""
    own = getattr(getattr(model, "config", None), "num_hidden_groups", expected)
    for _, stack in lists:
        if len(stack) == expected:
            own = len(list(stack.children()))
    return own if isinstance(own, int) else expected


def _shared(model: nn.Module, lists: list[tuple[str, Stack]], expected: int, own: int) -> list[str]:
    """The one block behind all layers; ModelError where several take turns: which runs where is not known."""
    if own > 1:
        raise ModelError(
            f"{_name(model)}: its {expected} layers share the weights of {own} blocks; accepted: models with "
            "weights of their own in every block, or with one block for all layers"
        )
    name, stack = max(
        (entry for entry in lists if len(list(entry[1].children())) == 1),
        key=lambda entry: _num_parameters(entry[1]),
    )
    return _entries(name, stack)


def num_applications(model: nn.Module, blocks: list[str]) -> int:
    """How often a pass of text goes through the blocks: 1, or the depth where one block is every layer."""
    expected = _expected_length(getattr(model, "config", None))
    return expected if expected is not None and len(blocks) == 1 else 1


def _expected_length(config: object) -> int | None:
    """How many blocks the configuration counts, if it does."""
    if hasattr(config, "get_text_config"):
        config = config.get_text_config()
    length = getattr(config, "num_hidden_layers", None)
    return length if isinstance(length, int) else None


def _num_parameters(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def _name(model: nn.Module) -> str:
    return type(model).__name__


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
