"""Masks of zeros and ones with a gradient: 1 where theta > 0, and backwards as if it were sigmoid(theta)."""

from collections.abc import Collection, Mapping

import torch
from torch import Generator, Tensor

from src.carrier.groups import WRITE, Group

START, SPREAD = 1.5, 0.5
"""theta ~ N(1.5, 0.5^2): all but 0.1 % are on at the start."""


def heaviside(theta: Tensor) -> Tensor:
    """1 where theta > 0, else 0; the gradient is that of the sigmoid (straight-through)."""
    soft = theta.sigmoid()
    return (theta > 0).to(theta.dtype) + (soft - soft.detach())  # the second term is exactly 0


class Masks:
    """The mask vectors of a carrier.

    Args:
        theta: the numbers behind each vector, by group; they ask for gradients where they are fitted.
    """

    def __init__(self, theta: Mapping[Group, Tensor]) -> None:
        self.theta = dict(theta)

    @classmethod
    def drawn(cls, sizes: Mapping[Group, int], draw: Generator, device: torch.device) -> "Masks":
        """Theta as the fit starts with it."""
        made = {group: START + SPREAD * torch.randn(size, generator=draw) for group, size in sizes.items()}
        return cls({group: value.to(device).requires_grad_() for group, value in made.items()})

    @property
    def parameters(self) -> list[Tensor]:
        """What an optimizer moves."""
        return list(self.theta.values())

    @property
    def size(self) -> int:
        """Number of masks."""
        return sum(value.numel() for value in self.theta.values())

    def of(self, group: Group) -> Tensor:
        """One mask vector of zeros and ones; gradients pass."""
        return heaviside(self.theta[group])

    def penalty(self) -> Tensor:
        """The sum of sigmoid(theta) over all masks."""
        return torch.stack([value.sigmoid().sum() for value in self.theta.values()]).sum()

    def frozen(self) -> "Masks":
        """A copy that nothing changes any more."""
        return Masks({group: value.detach().clone() for group, value in self.theta.items()})

    def shuffled(self, draw: Generator) -> "Masks":
        """A random carrier: in every group as many on, at random places."""
        return Masks({
            group: value.detach()[torch.randperm(len(value), generator=draw).to(value.device)]
            for group, value in self.theta.items()
        })  # fmt: skip

    def active(self) -> dict[Group, Tensor]:
        """[mask] bool by group: which are on."""
        return {group: value.detach() > 0 for group, value in self.theta.items()}

    def write_channels(self, block: int, halves: Collection[str]) -> Tensor:
        """Channels of the stream [width] bool that the carrier may write from these halves of a block."""
        found = [
            mask
            for (where, half, vector), mask in self.active().items()
            if where == block and vector == WRITE and half in halves
        ]
        return torch.stack(found).any(dim=0)
