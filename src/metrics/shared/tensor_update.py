"""One weight tensor and what training added to it: what metrics of weights and of gradients are made of."""

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from src.metrics.shared.factors import (
    singular_values,
    singular_values_of_product,
    squared_norm,
    squared_norm_of_product,
)
from src.metrics.shared.shapes import Scalar
from src.runtime.quantized import dequantized

Parts = list[tuple[Scalar, ...]]
"""What one tensor adds to the sums of its block, float64: nothing, or once, or once for each matrix in it."""


def sums(parts: Parts, count: int) -> list[Scalar]:
    """The sum of each of the `count` numbers over all parts, 0 without any."""
    found = [torch.zeros((), dtype=torch.float64) for _ in range(count)]
    for part in parts:
        found = [total + number.cpu() for total, number in zip(found, part, strict=True)]
    return found


@dataclass(frozen=True)
class TensorUpdate:
    """One weight tensor of the base model and what training added to it."""

    name: str
    """Name among the parameters of the model that peft may wrap."""
    kind: str
    base: Tensor
    factors: tuple[Tensor, Tensor] | None = None
    """The update is their product [m, rank] @ [rank, n], in the layout of `base`."""
    tuned: Tensor | None = None
    """The tensor after training in place; both this and `factors` are None where nothing was trained."""

    @property
    def whole_base(self) -> Tensor:
        """`base` as values, where it is held in fewer bits."""
        return dequantized(self.base)

    @property
    def trained(self) -> bool:
        """Whether training could change the tensor."""
        return self.factors is not None or self.tuned is not None

    @property
    def difference(self) -> Tensor | None:
        """The update of training in place, float32; None where there was none."""
        if self.tuned is None:
            return None
        return self.tuned.float() - self.base.to(self.tuned.device).float()

    def squared_update(self) -> Tensor:
        """||dW||_F^2, exactly 0 where nothing was trained."""
        if self.factors is not None:
            return squared_norm_of_product(*self.factors).cpu()
        if (difference := self.difference) is not None:
            return squared_norm(difference).cpu()
        return torch.zeros((), dtype=torch.float64)

    @cached_property
    def spectra(self) -> list[Tensor]:
        """Singular values of dW, one tensor a matrix (see `as_matrices`); none where nothing trained."""
        if self.factors is not None:
            return [singular_values_of_product(*self.factors).cpu()]
        if (difference := self.difference) is not None:
            return [singular_values(matrix).cpu() for matrix in as_matrices(difference)]
        return []


def as_matrices(tensor: Tensor) -> list[Tensor]:
    """The matrices in a weight tensor: itself, one an expert of a stack, none in a vector (norms, biases).

    Axes of length 1 do not count (a depthwise kernel [channel, 1, width] is one matrix).
    """
    squeezed = tensor.squeeze()
    if squeezed.dim() < 2:
        return []
    return [squeezed] if squeezed.dim() == 2 else list(squeezed.flatten(0, -3))
