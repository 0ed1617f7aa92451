"""The items that every variant is scored on: token ids, and the positions where a gold token is read."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from src.intervene.engine.replay import Batch


@dataclass(frozen=True)
class ItemBatch:
    """Some of the items, padded."""

    numbers: Tensor
    """[row], which items they are."""
    inputs: Batch
    chosen: Tensor
    """[row, token] bool, the positions whose output is read."""
    targets: Tensor
    """[position], the gold tokens there, row by row."""
    weights: Tensor
    """[row], what the summed log-probability of a row is multiplied with; float64."""

    @property
    def rows(self) -> Tensor:
        """[position], the row of every position that is read."""
        return self.chosen.nonzero()[:, 0]

    def single_rows(self) -> list["ItemBatch"]:
        """Every row by itself, without padding."""
        lengths = self.inputs["attention_mask"].sum(dim=1).tolist()
        return [self.part(slice(row, row + 1), int(length)) for row, length in enumerate(lengths)]

    def part(self, rows: slice, length: int | None = None) -> "ItemBatch":
        """Some rows, cut to a length; None: with the padding that they have."""
        kept = torch.zeros(len(self.numbers), dtype=torch.bool)
        kept[rows] = True
        return ItemBatch(
            self.numbers[rows],
            {name: value[rows, :length] for name, value in self.inputs.items()},
            self.chosen[rows, :length],
            self.targets[kept[self.rows]],
            self.weights[rows],
        )


@dataclass(frozen=True)
class Items:
    """Everything that one score is a mean over."""

    score: str
    """What a row's weighted log-probability is called: logp or english."""
    ids: list[str]
    batches: list[ItemBatch]

    @property
    def num_tokens(self) -> int:
        """Tokens of one pass, padding included."""
        return sum(batch.inputs["input_ids"].numel() for batch in self.batches)

    @property
    def content(self) -> list[list[Any]]:
        """What a pass reads and what is scored, batch by batch, JSON-like."""
        return [[batch.inputs["input_ids"].tolist(), batch.targets.tolist()] for batch in self.batches]

    @property
    def num_positions(self) -> Tensor:
        """[item], gold tokens of each."""
        found = torch.zeros(len(self.ids), dtype=torch.long)
        for batch in self.batches:
            found[batch.numbers] = batch.chosen.sum(dim=1)
        return found
