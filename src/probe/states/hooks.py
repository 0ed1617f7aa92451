"""Hidden states of every layer, handed over while the forward pass goes."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from torch import Tensor, nn

Sink = Callable[[int, Tensor], None]
"""Takes the layer and its states [batch, token, width]; nothing else keeps them."""


@contextmanager
def layer_states(blocks: Sequence[nn.Module], sink: Sink) -> Iterator[None]:
    """Call `sink` for layers 0..L at each forward pass inside the context; the hooks are gone after it.

    Layer 0 is what enters the first block (the embedding output), layer k what leaves block k - 1, before
    any final norm. A block may answer with a tensor or with a tuple that starts with it.
    """
    with ExitStack() as hooks:
        first = blocks[0].register_forward_pre_hook(_entering(sink), with_kwargs=True)
        hooks.callback(first.remove)
        for index, block in enumerate(blocks):
            hooks.callback(block.register_forward_hook(_leaving(sink, index + 1)).remove)
        yield


def _entering(sink: Sink) -> Callable[[nn.Module, tuple[Any, ...], dict[str, Any]], None]:
    def hook(_block: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        sink(0, args[0] if args else kwargs["hidden_states"])

    return hook


def _leaving(sink: Sink, layer: int) -> Callable[[nn.Module, tuple[Any, ...], Any], None]:
    def hook(_block: nn.Module, _args: tuple[Any, ...], output: Any) -> None:
        sink(layer, output if isinstance(output, Tensor) else output[0])

    return hook
