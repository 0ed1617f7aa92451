"""The 2x2 of a trigger: against the carrier or the plain update, on the carrier's channels or random ones."""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from src.carrier.groups import ATTENTION, FEED_FORWARD
from src.carrier.masks import Masks
from src.runtime.seeding import generator

MODELS, AIMS = ("carrier", "plain"), ("own", "random")
NONE, RANDOM_VECTORS, UNFITTED = "none", "random vectors", "unfitted vectors"
HALVES = {"write": (ATTENTION, FEED_FORWARD), "feed_forward": (FEED_FORWARD,), "attention": (ATTENTION,)}


class Cell(NamedTuple):
    """A model with a trigger."""

    model: str
    trigger: str
    """NONE, one of AIMS, or a control."""

    def __str__(self) -> str:
        return f"{self.model}, {self.trigger}"


@dataclass(frozen=True)
class Aims:
    """Target channels [layer, width] bool by aim."""

    own: Tensor
    random: Tensor


def aims(masks: Masks, num_blocks: int, width: int, channels: str, seed: int) -> Aims:
    """The carrier's channels behind every block, and as many at random places.

    Args:
        masks: of the carrier.
        num_blocks: of the model.
        width: of its stream.
        channels: as the setting of that name.
        seed: of the random ones.
    """
    own = torch.zeros(num_blocks, width, dtype=torch.bool)
    with_masks = {block for block, _, _ in masks.theta}
    for block in range(num_blocks):
        if channels == "all":
            own[block] = True
        elif block in with_masks:
            own[block] = masks.write_channels(block, HALVES[channels]).cpu()
    draw = generator(seed, "random channels")
    random = torch.stack([row[torch.randperm(width, generator=draw)] for row in own])
    return Aims(own, random)


def random_vectors(like: Tensor, seed: int) -> Tensor:
    """Random vectors with the norms of others [vector, width]."""
    made = torch.randn(like.shape, generator=generator(seed, "random vectors")).to(like.device)
    return made / made.norm(dim=1, keepdim=True) * like.norm(dim=1, keepdim=True)
