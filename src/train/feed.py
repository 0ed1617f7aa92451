"""What a step reads: which rows, collated, and on their way to the device before the step needs them."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import nn

from src.config.schema import TrainConfig
from src.data.batches import like_length_rows, num_steps, packed, step_rows
from src.data.encode import EncodedRow
from src.objective.objective import Batch, Draw, Objective
from src.train.collectives import share_of
from src.train.selection import Chosen, Selection


@dataclass(frozen=True)
class StepBatches:
    """The micro-batches of one step, this rank's part of each."""

    rows: list[list[int]]
    """Indices of the rows of each, on all ranks."""
    weights: list[float]
    """What the loss of each is multiplied with."""
    told: dict[str, float]
    """What a selection logs."""
    made: list[Batch]
    """As the objective made them, on the CPU."""
    moved: list[Batch]
    """What the loss reads, on the device."""

    @property
    def every_row(self) -> list[int]:
        """Indices of all rows of the step."""
        return [index for batch in self.rows for index in batch]


class Feed:
    """Makes the batches of a step; those of the next one while the device still computes this one.

    Every batch is a function of the seed and the step, so that nothing depends on when it was made.
    """

    def __init__(
        self,
        rows: Sequence[EncodedRow],
        config: TrainConfig,
        objective: Objective,
        seed: int,
        device: torch.device,
        selection: Selection | None,
    ) -> None:
        self.rows, self.config, self.objective, self.seed = rows, config, objective, seed
        self.device, self.selection = device, selection
        self.lengths, self.num_steps = [len(row.input_ids) for row in rows], num_steps(config, len(rows))
        self._next: tuple[int, StepBatches] | None = None

    def take(self, model: nn.Module, step: int) -> StepBatches:
        """The batches of an optimizer step, 0-based."""
        if self._next is not None and self._next[0] == step:
            return self._next[1]
        return self._made(
            step, self._chosen(step) if self.selection is None else self.selection.step(model, step)
        )

    def prepare(self, step: int) -> None:
        """Make the batches of a step that comes next; a selection needs its weights and waits for them."""
        if self.selection is None:
            self._next = step, self._made(step, self._chosen(step))

    def _chosen(self, step: int) -> Chosen:
        accumulated = self.config.gradient_accumulation_steps
        size = self.config.batch_size
        if self.config.group_by_length:
            batches = like_length_rows(step, self.lengths, size, accumulated, self.seed, self.num_steps)
        else:
            batches = step_rows(step, len(self.rows), size, accumulated, self.seed)
        return batches, [1.0] * len(batches), {}

    def _made(self, step: int, chosen: Chosen) -> StepBatches:
        batches, weights, told = chosen
        draw, size = Draw(self.seed, step), self.config.batch_size
        shares = [share_of(batch) for batch in batches]
        made = [
            self.objective.collate([self.rows[i] for i in mine], draw, number * size + begin)
            for number, (begin, mine) in enumerate(shares)
        ]
        laid = [packed(batch) for batch in made] if self.config.packing else made
        moved = [_moved(self.objective.located(batch), self.device) for batch in laid]
        return StepBatches(batches, weights, told, made, moved)


def _moved(batch: Batch, device: torch.device) -> Batch:
    """The batch on the device; to a GPU from pinned memory, so that nothing waits for the transfer."""
    if device.type != "cuda":
        return {key: value.to(device) for key, value in batch.items()}
    return {key: value.pin_memory().to(device, non_blocking=True) for key, value in batch.items()}
