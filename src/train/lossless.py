"""Parts of a block that keep less for the backward pass and lose nothing: the same numbers, bit for bit.

A gated product act(gate) * up keeps its three factors; here gate and up, from which the third comes again. On
a CPU dropout keeps what it multiplied with, four bytes a number; here which numbers it left, one byte.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

_GATED = ("down_proj", "act_fn", "gate_proj", "up_proj")
"""What the forward of a gated feed-forward layer names, and nothing else, in this order."""


@contextmanager
def lossless(blocks: Sequence[nn.Module]) -> Iterator[None]:
    """Inside, dropout and gated products of these blocks keep less; their modules are as before after it."""
    forwards: dict[nn.Module, Callable[[Tensor], Tensor]] = {}
    for module in (part for block in blocks for part in block.modules()):
        if _is_gated(module):
            forwards[module] = _gated(module)
        elif type(module) is nn.Dropout and module.p > 0:
            forwards[module] = _dropout(module)
    for module, forward in forwards.items():
        vars(module)["forward"] = forward
    try:
        yield
    finally:
        for module in forwards:
            del module.forward  # the method of its class shows again


class GatedProduct(torch.autograd.Function):
    """act(gate) * up, which keeps gate and up."""

    @staticmethod
    def forward(ctx: Any, gate: Tensor, up: Tensor, act: Callable[[Tensor], Tensor]) -> Tensor:
        """All of one shape; `act` works on each number by itself."""
        ctx.save_for_backward(gate, up)
        ctx.act = act
        return act(gate) * up

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        """Those of the two products, the activation computed once more."""
        (gradient,) = gradients
        gate, up = ctx.saved_tensors
        with torch.enable_grad():
            again = gate.detach().requires_grad_()
            acted = ctx.act(again)
        (of_gate,) = torch.autograd.grad(acted, again, gradient * up)
        return of_gate, gradient * acted.detach(), None


class MaskedDropout(torch.autograd.Function):
    """Dropout with the draws that torch makes on a CPU, which keeps a mask."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, probability: float) -> Tensor:
        """Some numbers of x are 0, the others larger by 1 / (1 - probability)."""
        left = torch.empty_like(x).bernoulli_(1 - probability)
        ctx.save_for_backward(left.bool())
        ctx.share = 1 - probability
        return x * left.div_(ctx.share)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        """Of x."""
        (gradient,) = gradients
        (left,) = ctx.saved_tensors
        return gradient * left.to(gradient.dtype).div_(ctx.share), None


def _is_gated(module: nn.Module) -> bool:
    code = getattr(type(module).forward, "__code__", None)
    return code is not None and code.co_names == _GATED


def _gated(module: Any) -> Callable[[Tensor], Tensor]:
    def forward(x: Tensor) -> Tensor:
        product = GatedProduct.apply(module.gate_proj(x), module.up_proj(x), module.act_fn)
        return module.down_proj(product)

    return forward


def _dropout(module: nn.Dropout) -> Callable[[Tensor], Tensor]:
    def forward(x: Tensor) -> Tensor:
        if not module.training or x.device.type != "cpu" or module.p == 1:
            return nn.Dropout.forward(module, x)
        return MaskedDropout.apply(x, module.p)

    return forward
