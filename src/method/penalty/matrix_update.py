"""The update D of one weight matrix, as a penalty sees it: with a gradient, and never as a copy of a block.

D = W - W0 is taken from the weights or from LoRA's factors: U'WV - U'W0V, as published, would lose most of
its digits where the update is small.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping

from torch import Tensor, nn

from src.method.lora_layer import LoraLayer


class MatrixUpdate(ABC):
    """The update of a matrix [row, column], in the layout that the matrix is stored in."""

    name: str
    """Of the weight, in the model before anything was put beside it."""

    @property
    @abstractmethod
    def base(self) -> Tensor:
        """The matrix before training."""

    @abstractmethod
    def between(self, left: Tensor, right: Tensor) -> Tensor:
        """U'DV [k, k] for directions U [row, k] and V [column, k]."""

    @abstractmethod
    def squared(self) -> Tensor:
        """||D||_F^2."""

    def add(self, change: Tensor) -> None:
        """Add to the matrix itself; only what is trained in place can."""
        raise NotImplementedError


class InPlace(MatrixUpdate):
    """Of a weight that trains itself."""

    def __init__(self, name: str, weight: nn.Parameter, originals: Mapping[str, Tensor]) -> None:
        self.name, self.weight, self.originals = name, weight, originals

    @property
    def base(self) -> Tensor:
        """What the weight was."""
        return self.originals[self.name]

    def between(self, left: Tensor, right: Tensor) -> Tensor:
        """The thinner product first."""
        return left.T @ (self.difference() @ right)

    def squared(self) -> Tensor:
        """Sum of squares."""
        return self.difference().square().sum()

    def difference(self) -> Tensor:
        """D itself."""
        return self.weight - self.base

    def add(self, change: Tensor) -> None:
        """In place."""
        self.weight.data += change


class LowRank(MatrixUpdate):
    """Of a linear layer with LoRA's factors: U'DV costs k r (row + column), and D = sBA is never built."""

    def __init__(self, name: str, layer: LoraLayer) -> None:
        self.name, self.layer = name, layer
        (self.adapter,) = layer.lora_A

    @property
    def base(self) -> Tensor:
        """The frozen weight."""
        return self.layer.get_base_layer().weight

    def between(self, left: Tensor, right: Tensor) -> Tensor:
        """(U'B)(AV)."""
        tall, wide = self._factors()
        return (left.T @ tall) @ (wide @ right)

    def squared(self) -> Tensor:
        """tr((B'B)(AA'))."""
        tall, wide = self._factors()
        return ((tall.T @ tall) * (wide @ wide.T)).sum()

    def _factors(self) -> tuple[Tensor, Tensor]:
        a, b = self.layer.lora_A[self.adapter].weight, self.layer.lora_B[self.adapter].weight
        b = self.layer.scaling[self.adapter] * b
        return (a.T, b.T) if self.layer.fan_in_fan_out else (b, a)
