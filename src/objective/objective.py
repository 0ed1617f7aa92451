"""What every objective answers, so that training, probes and distances need to know none of them by name."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from src.config.objective import ObjectiveSettings
from src.data.encode import Encoded, EncodedRow
from src.data.rows import Row
from src.method.adapted import AdaptedModel
from src.runtime import seeding

Batch = dict[str, Tensor]


@dataclass(frozen=True)
class Draw:
    """The random choices of one optimizer step, whatever process or micro-batch a row comes to lie in."""

    seed: int
    step: int

    def generator(self, place: int, *names: str) -> torch.Generator:
        """The stream of the row at `place` among all rows of the step."""
        return seeding.generator(self.seed, "objective", self.step, place, *names)


class Objective(ABC):
    """A loss, and the batches that it is computed on.

    The loss of a step is the sum of `loss` over its micro-batches, divided by the sum of their counts: exact
    whatever the micro-batches' sizes, and whatever a model's own `labels=` would have made of it.
    """

    config: ObjectiveSettings
    """A class narrows it to the settings that it reads: those of its row in src/config/objective.py."""
    counted: ClassVar[str]
    """What the loss is a sum over, as the step log calls it."""

    def __init__(
        self, config: ObjectiveSettings, tokenizer: PreTrainedTokenizerBase, rows: Sequence[Row] = ()
    ) -> None:
        self.config, self.tokenizer = config, tokenizer
        self.classes = sorted({row.label for row in rows if row.label is not None})

    @abstractmethod
    def check(self, model: PreTrainedModel) -> None:
        """ModelError where the architecture cannot have this objective."""

    def prepare(self, adapted: AdaptedModel, seed: int) -> None:  # noqa: B027  (most need nothing)
        """Add to an adapted model what the loss needs beside it."""

    @abstractmethod
    def encode(self, rows: Sequence[Row], max_length: int) -> Encoded:
        """Rows as token ids with whatever the loss looks at."""

    @abstractmethod
    def collate(self, rows: Sequence[EncodedRow], draw: Draw, first: int = 0) -> Batch:
        """Rows of one micro-batch as padded tensors.

        Args:
            rows: as `encode` made them.
            draw: the step's random choices.
            first: place of the first row among all rows of the step; the others follow it.
        """

    @abstractmethod
    def count(self, batch: Batch) -> int:
        """Number of terms that `loss` sums over for this batch, known before the model is asked."""

    def located(self, batch: Batch) -> Batch:
        """The batch on the CPU with what `loss` would else have to ask the device for: training hands it on.

        Rows of such a batch cannot be taken apart any more.
        """
        return batch

    @abstractmethod
    def loss(self, model: nn.Module, batch: Batch) -> tuple[Tensor, int]:
        """The loss in nats, summed, and the number of its terms, which is `count`."""
