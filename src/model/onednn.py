"""`model.linear=onednn`: products of linear layers by oneDNN, which torch takes for bfloat16 alone.

For float32 on a CPU torch asks MKL, which on processors of AMD leaves AVX-512 aside: there oneDNN is about
twice as fast. The products differ in their last bits. Both come with torch.
"""

from typing import Any

import torch
from torch import Tensor, nn

from src.errors import ModelError

CHUNKS = (256, 128, 64)
"""Rows of one call. A kernel is made for every number of rows, and what it needs meanwhile is laid out by
that number: of few different ones memory stays what it was."""
_NAME = "_linear_pointwise"


def use_onednn(model: nn.Module) -> None:
    """Let the linear layers of a model in float32 on a CPU, without a kind of their own, compute by oneDNN.

    Raises:
        ModelError: this torch has no oneDNN.
    """
    if not torch.backends.mkldnn.is_available() or not hasattr(torch.ops.mkldnn, _NAME):
        raise ModelError("model.linear: given onednn, which torch has not on this machine; accepted: torch")
    for module in model.modules():
        if type(module) is nn.Linear:
            module.__class__ = OneDnnLinear


class OneDnnLinear(nn.Linear):
    """A linear layer whose larger products oneDNN computes."""

    def forward(self, input: Tensor) -> Tensor:
        """As that of its parent, to rounding; what is small, on another device or of another dtype is its."""
        if not _takes(input, self.weight):
            return super().forward(input)
        found = product(input.reshape(-1, self.in_features), self.weight)
        found = found.view(*input.shape[:-1], self.out_features)
        return found if self.bias is None else found + self.bias


def product(rows: Tensor, weight: Tensor) -> Tensor:
    """The product of rows [row, in] and a transposed weight [out, in], float32 on a CPU; with gradients."""
    if torch.is_grad_enabled() and (rows.requires_grad or weight.requires_grad):
        return _Product.apply(rows, weight)
    return _computed(rows, weight)


class _Product(torch.autograd.Function):
    """It keeps the rows only where the weight trains, as torch does."""

    @staticmethod
    def forward(ctx: Any, rows: Tensor, weight: Tensor) -> Tensor:
        of_rows, of_weight = ctx.needs_input_grad
        ctx.save_for_backward(rows if of_weight else None, weight if of_rows else None)
        return _computed(rows, weight)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, Tensor | None]:
        (gradient,) = gradients
        rows, weight = ctx.saved_tensors
        return (
            None if weight is None else product(gradient, weight.t()),
            None if rows is None else gradient.t() @ rows,
        )


def _computed(rows: Tensor, weight: Tensor) -> Tensor:
    rows, start = rows.contiguous(), 0
    found = rows.new_empty(len(rows), len(weight))
    for size in CHUNKS:
        while len(rows) - start >= size:
            some = slice(start, start + size)
            found[some] = getattr(torch.ops.mkldnn, _NAME)(rows[some], weight, None, "none", [], "")
            start += size
    if start < len(rows):
        torch.mm(rows[start:], weight.t(), out=found[start:])
    return found


def _takes(given: Tensor, weight: Tensor) -> bool:
    """Whether these are enough rows of plain float32 on a CPU, which nothing traces, casts or shards."""
    kinds = type(given) is Tensor and type(weight) in (Tensor, nn.Parameter)
    return (
        kinds
        and given.device.type == weight.device.type == "cpu"
        and given.dtype == weight.dtype == torch.float32
        and given.numel() >= CHUNKS[-1] * weight.shape[1]
        and not torch.is_autocast_enabled("cpu")
        and not torch.compiler.is_compiling()
    )
