"""Training with the inputs of linear layers kept at low rank, for the gradient of a weight alone.

After "Low-rank activation subspaces" (arXiv 2604.17224), whose update rule and threshold are not published:
both are INFERRED. A layer keeps X Q in place of its input X, so its weight's gradient is g' X Q Q'; outputs
and the gradient of the input stay exact. Q follows X by one step of subspace iteration a pass.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from src.config.rules import refuse
from src.train.lossless import lossless

BASIS = "activation_basis"
"""The buffer of a layer that holds Q, [in, rank]; checkpoints keep it, adapters do not."""
_OVERSAMPLED, _ITERATIONS = 8, 2
"""Of the decomposition that a reset takes."""


@dataclass
class Compression:
    """What the layers did since it was last told."""

    threshold: float
    """The share of an input's energy below which its basis is made anew."""
    _kept: list[Tensor] = field(default_factory=list)
    _resets: int = 0

    def tell(self) -> dict[str, float]:
        """The mean share of energy kept, and how many bases were made anew; counting begins again."""
        kept = torch.stack(self._kept).mean().item() if self._kept else float("nan")
        told = {"activation_energy_share": kept, "activation_resets": float(self._resets)}
        self._kept, self._resets = [], 0
        return told

    def follow(self, x: Tensor, basis: Tensor) -> Tensor:
        """The next basis for the rows of `x` [rows, in], orthonormal [in, rank]: a step, or made anew."""
        rank = basis.shape[1]
        found, _ = torch.linalg.qr(x.T @ (x @ basis))
        share = energy_share(x, found)
        if share < self.threshold:
            columns = min(rank + _OVERSAMPLED, *x.shape)
            right = torch.svd_lowrank(x, q=columns, niter=_ITERATIONS)[2][:, :rank]
            found = _filled(right, found)
            share, self._resets = energy_share(x, found), self._resets + 1
        self._kept.append(share)
        return found


def check_rank(rank: int | None, width: int) -> None:
    """ConfigError for a rank above the width of the model's states."""
    if rank is not None and rank > width:
        refuse("train.activation_rank", rank, f"at most {width}, the width of the states")


@contextmanager
def compressed_activations(
    blocks: Sequence[nn.Module], rank: int | None, threshold: float, seed: int
) -> Iterator[Compression | None]:
    """Inside, trained linear layers of the blocks keep their inputs at this rank for the backward pass.

    Layers whose input is no wider than the rank keep it whole: the second factor of LoRA is one. What can be
    had again without loss is not kept either (src/train/lossless.py).

    Args:
        blocks: as they lie in the model that is trained.
        rank: columns of the basis; None: nothing is compressed.
        threshold: the share of energy below which a basis is made anew.
        seed: draws the bases before the first pass.

    Raises:
        ConfigError: no layer is left to compress.
    """
    if rank is None:
        yield None
        return
    layers = _trained_layers(blocks, rank)
    if not layers:
        refuse("train.activation_rank", rank, "below the input of at least one trained linear layer")
    compression, generator = Compression(threshold), torch.Generator().manual_seed(seed)
    for layer in layers:
        drawn = torch.randn(layer.in_features, rank, generator=generator)
        layer.register_buffer(BASIS, torch.linalg.qr(drawn)[0].contiguous().to(layer.weight.device))
        vars(layer)["forward"] = _forward(layer, compression)
    try:
        with lossless(blocks):
            yield compression
    finally:
        for layer in layers:
            del layer.forward, layer._buffers[BASIS]


def also(
    measure: Callable[[], dict[str, Any]], compression: Compression | None
) -> Callable[[], dict[str, Any]]:
    """What a step measures, and what the compression of its inputs was."""
    return measure if compression is None else lambda: {**measure(), **compression.tell()}


def energy_share(x: Tensor, basis: Tensor) -> Tensor:
    """The share of the energy of `x` [rows, in] within an orthonormal basis [in, rank], in [0, 1]."""
    return (x @ basis).square().sum() / x.square().sum().clamp_min(torch.finfo(x.dtype).tiny)


class ProjectedLinear(torch.autograd.Function):
    """x W' + b, which keeps x Q in place of x."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None, basis: Tensor) -> Tensor:
        """x: [..., in], weight: [out, in], basis: [in, rank], orthonormal."""
        ctx.save_for_backward(x @ basis, basis, weight)
        return functional.linear(x, weight, bias)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        """Exact for x and b; of the weight g' X Q Q'."""
        (gradient,) = gradients
        kept, basis, weight = ctx.saved_tensors
        rows = gradient.flatten(0, -2)
        of_weight = (rows.T @ kept.flatten(0, -2)) @ basis.T if ctx.needs_input_grad[1] else None
        return (
            gradient @ weight if ctx.needs_input_grad[0] else None,
            of_weight,
            rows.sum(0) if ctx.needs_input_grad[2] else None,
            None,
        )


def _trained_layers(blocks: Sequence[nn.Module], rank: int) -> list[nn.Linear]:
    return [
        layer
        for block in blocks
        for layer in block.modules()
        if isinstance(layer, nn.Linear) and layer.weight.requires_grad and layer.in_features >= rank
    ]


def _forward(layer: nn.Linear, compression: Compression) -> Callable[[Tensor], Tensor]:
    def forward(x: Tensor) -> Tensor:
        weight: Tensor = layer.weight
        bias: Tensor | None = layer.bias
        if not torch.is_grad_enabled():
            return functional.linear(x, weight, bias)
        with torch.no_grad():
            seen = x.detach().flatten(0, -2).float()
            basis = compression.follow(seen, layer.get_buffer(BASIS))
            layer.get_buffer(BASIS).copy_(basis)
        kind = x.device.type
        if torch.is_autocast_enabled(kind):  # inside the function nothing is cast any more
            low = torch.get_autocast_dtype(kind)
            x, weight, bias = x.to(low), weight.to(low), None if bias is None else bias.to(low)
        return ProjectedLinear.apply(x, weight, bias, basis.to(x.dtype))

    return forward


def _filled(right: Tensor, basis: Tensor) -> Tensor:
    """Singular vectors, completed to the columns of `basis` where there were fewer rows than columns."""
    missing = basis.shape[1] - right.shape[1]
    return torch.linalg.qr(torch.cat([right, basis[:, :missing]], dim=1))[0] if missing else right
