"""The control itself: measure how far every group moved, choose how far it shall, rescale, log."""

from collections.abc import Sequence
from typing import Any

import torch

from src.config.schema import ControlConfig
from src.control.groups import Group
from src.control.matched_sizes import Profile
from src.control.movement import Movement, PerGroup
from src.control.size import common_size
from src.errors import TrainingError


class RelativeStep:
    """Gives each group's update a chosen size relative to its weights; kind=none only tells the sizes.

    The optimizer's own state (Adam's moments) stays as the optimizer made it.
    """

    def __init__(
        self,
        config: ControlConfig,
        movement: Movement,
        groups: Sequence[Group],
        num_blocks: int,
        profile: Profile | None = None,
    ) -> None:
        self.config, self.movement, self.groups = config, movement, list(groups)
        self.num_blocks, self.profile = num_blocks, profile
        self.inside = torch.tensor([group.block is not None for group in groups])

    def before(self, decay: float) -> None:
        """Remember the weights."""
        self.movement.before(decay)

    def after(self, step: int) -> dict[str, Any]:
        """Rescale the step.

        Returns:
            `block_optimizer_sizes`, ||dW|| / ||W|| of each block as the optimizer made it, and
            `block_relative_sizes`, as it is after the control, measured on the weights (None where no group
            is); `relative_size`, the common size r (the mean where blocks have sizes of their own), with the
            least and the greatest that was measured over the groups of the blocks. kind=none: only the sizes
            of the blocks.

        Raises:
            TrainingError: a group inside a block did not move: it has no direction to rescale.
        """
        updates, weights = self.movement.moved()
        own = self._per_block(updates, weights)
        if self.config.kind == "none":
            return {"block_relative_sizes": own}
        self._check(updates, step)
        wanted = self._wanted(updates, weights, step)
        measured = self.movement.rescale(wanted * weights)
        sizes = (measured / weights)[self.inside]
        return {
            "relative_size": wanted[self.inside].mean().item(),
            "relative_size_min": sizes.min().item(),
            "relative_size_max": sizes.max().item(),
            **self.movement.log(),
            "block_relative_sizes": self._per_block(measured, weights),
            "block_optimizer_sizes": own,
        }

    def _wanted(self, updates: PerGroup, weights: PerGroup, step: int) -> PerGroup:
        """The relative size that each group shall have."""
        if self.profile is None:
            inside = updates[self.inside], weights[self.inside]
            size = common_size(self.config.target, *inside, self.config.size)
            return torch.full_like(updates, size)
        sizes = self.profile.at(step)
        own = [None if group.block is None else sizes[group.block] for group in self.groups]
        given = [size for size in own if size is not None]
        mean = sum(given) / len(given)
        values = [mean if size is None else size for size in own]
        return torch.tensor(values, dtype=torch.float64)

    def _check(self, updates: PerGroup, step: int) -> None:
        for group, update in zip(self.groups, updates.tolist(), strict=True):
            if group.block is not None and not update > 0:
                raise TrainingError(
                    f"step {step + 1}: the optimizer did not move {group.name}; "
                    f"control={self.config.name} needs a direction to rescale"
                )

    def _per_block(self, updates: PerGroup, weights: PerGroup) -> list[float | None]:
        found: list[float | None] = [None] * self.num_blocks
        for block in sorted({group.block for group in self.groups if group.block is not None}):
            mine = torch.tensor([group.block == block for group in self.groups])
            norm = updates[mine].square().sum().sqrt() / weights[mine].square().sum().sqrt()
            found[block] = norm.item()
        return found
