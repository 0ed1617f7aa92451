"""The parts of a model that have a gate: what comes before the blocks, each block, what comes after them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from torch import nn

from src.model.trunk import base_of
from src.probe.lens.head_path import HeadPath

EMBEDDINGS, HEAD = "embeddings", "head"
Part = int | str
"""The index of a block, or EMBEDDINGS or HEAD (final norm and output head)."""


@dataclass(frozen=True)
class Place:
    """Where a parameter stands; one that is tied stands in several places."""

    module: nn.Module
    name: str
    """Of the parameter in the module."""
    parameter: nn.Parameter


def depth_order(num_blocks: int) -> list[Part]:
    """Every part from input to output."""
    return [EMBEDDINGS, *range(num_blocks), HEAD]


def places(model: nn.Module, blocks: Sequence[str], head: HeadPath) -> Iterator[tuple[Part, Place]]:
    """Every place of every parameter of a model without adapters, with the part it belongs to.

    A head that is tied to the input embedding has a place in both, so that each can be gated alone: the two
    never run at the same time, and what is written for one is taken back before the other runs.
    """
    roots: dict[str, Part] = {f"{name}.": index for index, name in enumerate(blocks)}
    roots |= {f"{name}.": HEAD for name in head.modules}
    for path, module in base_of(model).named_modules():
        part = next((part for root, part in roots.items() if f"{path}.".startswith(root)), EMBEDDINGS)
        for name, parameter in module.named_parameters(recurse=False):
            yield part, Place(module, name, parameter)
