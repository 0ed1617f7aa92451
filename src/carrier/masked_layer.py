"""One layer whose update stands under two mask vectors: W = W0 + (m_row x m_col) o (W1 - W0)."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

from src.carrier.groups import Sides, sides_of
from src.carrier.masks import Masks
from src.intervene.engine.adapter_gates import AdaptedLayer, Factors
from src.intervene.engine.weight_gates import Moved


class MaskedLayer(ABC):
    """One layer's update under its two mask vectors."""

    name: str
    sides: Sides
    shape: tuple[int, int]
    """Outputs and inputs."""

    @property
    @abstractmethod
    def parameters(self) -> list[nn.Parameter]:
        """Those of the update."""

    def masks(self, masks: Masks) -> tuple[Tensor, Tensor]:
        """The masks over its outputs and over its inputs."""
        column = self.sides.over_inputs(masks.of(self.sides.column), self.shape[1])
        return masks.of(self.sides.row), column

    @abstractmethod
    def running(self, masks: Masks) -> Iterator[tuple[nn.Module, dict[str, Tensor]]]:
        """Parameters that its modules run with, which gradients pass to masks and update."""

    @abstractmethod
    def kept(self, masks: Masks, rest: bool) -> Any:
        """What the gates call an update of this layer: the masked part, or with `rest` all but it."""


class LowRankLayer(MaskedLayer):
    """A LoRA layer: s (diag(m_row) B) (A diag(m_col)) is the masked update, exactly; no matrix is built."""

    def __init__(self, layer: AdaptedLayer, block: int, head_size: int) -> None:
        self.layer, self.name = layer, layer.name
        self.sides = sides_of(block, layer.name, head_size)
        a, b = layer.own
        self.shape = (len(b), a.shape[1])

    @property
    def parameters(self) -> list[nn.Parameter]:
        """A and B."""
        return [
            sides[self.layer.adapter].weight for sides in (self.layer.module.lora_A, self.layer.module.lora_B)
        ]

    def running(self, masks: Masks) -> Iterator[tuple[nn.Module, dict[str, Tensor]]]:
        """Both factors."""
        row, column = self.masks(masks)
        for factors, masked in ((self.layer.module.lora_A, column), (self.layer.module.lora_B, row[:, None])):
            factor = factors[self.layer.adapter]
            yield factor, {"weight": factor.weight * masked}

    def kept(self, masks: Masks, rest: bool) -> Factors:
        """Factors; those of the rest have twice the rank, as it is the update less its masked part."""
        row, column = (mask.detach() for mask in self.masks(masks))
        a, b = self.layer.own
        masked = (a * column, b * row[:, None])
        return (torch.cat([a, masked[0]]), torch.cat([b, -masked[1]], dim=1)) if rest else masked


class FullLayer(MaskedLayer):
    """A weight that was tuned itself; where the product of its masks is 1 it is the tuned one bit for bit."""

    def __init__(self, place: Moved, tuned: Tensor, block: int, head_size: int) -> None:
        self.place, self.tuned, self.name = place, tuned, place.key
        self.sides = sides_of(block, place.key.removesuffix(".weight"), head_size)
        self.shape = (place.base.shape[0], place.base.shape[1])

    @property
    def parameters(self) -> list[nn.Parameter]:
        """The weight."""
        return [self.place.parameter]

    def running(self, masks: Masks) -> Iterator[tuple[nn.Module, dict[str, Tensor]]]:
        """The weight."""
        weight = MaskedWeight.apply(self.place.base, self.place.parameter, *self.masks(masks))
        yield self.place.module, {self.place.name: weight}

    def kept(self, masks: Masks, rest: bool) -> Tensor:
        """The whole matrix."""
        row, column = (mask.detach() for mask in self.masks(masks))
        on = (row[:, None] * column > 0) != rest
        return torch.where(on, self.tuned, self.place.base)


class MaskedWeight(torch.autograd.Function):
    """Base where either mask is 0, tuned elsewhere: values are copied, not computed."""

    @staticmethod
    def forward(ctx: Any, base: Tensor, tuned: Tensor, row: Tensor, column: Tensor) -> Tensor:
        """[output, input]."""
        ctx.save_for_backward(base, tuned, row, column)
        return torch.where(row[:, None] * column > 0, tuned, base)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        """d/dm_row[i] = sum_j G_ij D_ij m_col[j], and the same of columns; an update that is off has none."""
        base, tuned, row, column = ctx.saved_tensors
        of_tuned = gradient * row[:, None] * column if ctx.needs_input_grad[1] else None
        product = gradient * (tuned - base)
        return None, of_tuned, product @ column, row @ product
