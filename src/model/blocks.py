"""The blocks of a model, found by its structure, for families nobody listed."""

from collections.abc import Iterator
from typing import TypeAlias

from torch import nn

from src.errors import ModelError
from src.model.text_pass import text_pass

Stack: TypeAlias = nn.ModuleList | nn.Sequential


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
