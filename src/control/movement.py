"""How far groups of weights moved in a step, and how to make them move another distance."""

from typing import Protocol

from jaxtyping import Float64
from torch import Tensor

PerGroup = Float64[Tensor, "group"]
"""One number a group, in double precision on the CPU."""


class Movement(Protocol):
    """One optimizer step of all groups: remembered before, measured and rescaled after."""

    def before(self, decay: float) -> None:
        """Remember the weights, less `decay` of each where decay is no part of the update."""
        ...

    def moved(self) -> tuple[PerGroup, PerGroup]:
        """||dW|| and ||W|| of each group; W is the weight before the step."""
        ...

    def rescale(self, norms: PerGroup) -> PerGroup:
        """Give each group's update the norm asked for; ||dW|| as it is now, measured on the weights."""
        ...

    def log(self) -> dict[str, float]:
        """What else the step log should hold."""
        ...
