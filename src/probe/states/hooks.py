"""Hidden states of every layer, handed over while the forward pass goes."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import cycle
from typing import Any

from torch import Tensor, nn

Sink = Callable[[int, Tensor], None]
"""Takes the layer and its states [batch, token, width]; nothing else keeps them."""


@contextmanager
def layer_states(blocks: Sequence[nn.Module], sink: Sink) -> Iterator[None]:
    """Call `sink` for layers 0..L at each forward pass inside the context; the hooks are gone after it.

    Layer 0 is what enters the first block (the embedding output), layer k what leaves block k - 1, before
    any final norm. A block may answer with a tensor or with a tuple that starts with it. A block that stands
    at several layers tells them one after the other, each time it runs.
    """
    layers: dict[nn.Module, list[int]] = {}
    for layer, block in enumerate(blocks, 1):
        layers.setdefault(block, []).append(layer)
    with ExitStack() as hooks:
        entering = _entering(sink, layers[blocks[0]])
        hooks.callback(blocks[0].register_forward_pre_hook(entering, with_kwargs=True).remove)
        for block, own in layers.items():
            hooks.callback(block.register_forward_hook(_leaving(sink, own)).remove)
        yield


def _entering(
    sink: Sink, layers: Sequence[int]
) -> Callable[[nn.Module, tuple[Any, ...], dict[str, Any]], None]:
    turns = cycle(layers)

    def hook(_block: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        if next(turns) == 1:
            sink(0, args[0] if args else kwargs["hidden_states"])

    return hook


def _leaving(sink: Sink, layers: Sequence[int]) -> Callable[[nn.Module, tuple[Any, ...], Any], None]:
    turns = cycle(layers)

    def hook(_block: nn.Module, _args: tuple[Any, ...], output: Any) -> None:
        sink(next(turns), output if isinstance(output, Tensor) else output[0])

    return hook
