"""Norms of the gradient of every row of a batch, block by block, from one backward pass.

A linear layer that saw inputs x_t and has output gradients g_t has the gradient sum_t g_t x_t' for a row,
whose squared norm is sum_tt' (g_t . g_t')(x_t . x_t'): no gradient of a row is kept. LoRA's factors are
linear layers: A sees x and B'g, B sees Ax and g. Source: Goodfellow 2015 (arXiv 1510.01799); Li et al.
2022 (arXiv 2110.05679, several positions).
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

import torch
from torch import Tensor, nn

from src.errors import ModelError
from src.model.linear_layers import LINEAR
from src.model.trunk import block_modules

Pair = tuple[Tensor, Tensor]


@contextmanager
def row_norms(model: nn.Module, blocks: Sequence[str], num_rows: int) -> Iterator[Tensor]:
    """Inside, a backward pass of a sum over rows adds each row's squared norms to the table it gives.

    The table is [row, block], float64: of the weights and biases of the block's linear layers that train. A
    row's loss must depend on the row alone, and rows lie along the first axis.

    Raises:
        ModelError: no linear layer of a block trains, or one mixes rows (experts that are sent tokens).
    """
    found = torch.zeros(num_rows, len(blocks), dtype=torch.float64)
    watched = []
    with ExitStack() as stack:
        for place, block in enumerate(block_modules(model, blocks)):
            for name, layer in block.named_modules():
                if isinstance(layer, LINEAR) and layer.weight.requires_grad:
                    watch = _Watched(f"{blocks[place]}.{name}", layer, found[:, place])
                    stack.callback(layer.register_forward_hook(watch.forward).remove)
                    watched.append(watch)
        if not watched:
            raise ModelError("data.select: no linear layer of a block trains, so rows have no gradient norm")
        yield found
    for watch in watched:
        if watch.waiting:
            raise ModelError(
                f"data.select: no gradient came back to {watch.name}; accepted: data.select=none"
            )


class _Watched:
    """One layer; its calls in a pass count together, because their gradients add up."""

    def __init__(self, name: str, layer: nn.Module, sums: Tensor) -> None:
        self.name, self.layer, self.sums = name, layer, sums
        self.pairs: list[Pair] = []
        self.waiting = 0

    def forward(self, layer: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        """Wait for the gradient of this output."""
        if not output.requires_grad:
            return
        x, rows = inputs[0].detach(), len(self.sums)
        if x.dim() < 2 or len(x) != rows:
            given = f"{self.name} sees {list(x.shape)}"
            raise ModelError(f"data.select: given {given}; needed: {rows} rows along the first axis")
        self.waiting += 1
        output.register_hook(lambda gradient: self._take(x, gradient))

    def _take(self, x: Tensor, gradient: Tensor) -> None:
        rows = len(self.sums)
        pair = (x.reshape(rows, -1, x.shape[-1]), gradient.reshape(rows, -1, gradient.shape[-1]))
        self.pairs.append(pair)
        self.waiting -= 1
        if not self.waiting:
            seen, back = (torch.cat(side, dim=1).float() for side in zip(*self.pairs, strict=True))
            self.pairs.clear()
            found = squared_norms(seen, back)
            bias = getattr(self.layer, "bias", None)
            if bias is not None and bias.requires_grad:
                found = found + back.sum(1).square().sum(1)
            self.sums += found.double().cpu()


def squared_norms(seen: Tensor, back: Tensor) -> Tensor:
    """||sum_t g_t x_t'||_F^2 of each row [row], the cheaper way.

    Args:
        seen: inputs x, [row, position, in].
        back: output gradients g, [row, position, out].
    """
    positions, width_in, width_out = seen.shape[1], seen.shape[2], back.shape[2]
    if positions * (width_in + width_out) < width_in * width_out:
        return ((seen @ seen.mT) * (back @ back.mT)).sum((1, 2)).clamp(min=0)
    return (back.mT @ seen).square().sum((1, 2))
