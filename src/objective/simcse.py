"""SimCSE: a text finds itself, seen through another dropout, among the texts of its batch."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from src.config.objective import SimCSESettings
from src.data.batches import collate
from src.data.encode import Encoded, EncodedRow
from src.data.rows import Row
from src.data.special_tokens import framed_rows, text_of
from src.errors import ModelError
from src.objective.info_nce import info_nce, same_rows
from src.objective.objective import Batch, Draw, Objective
from src.objective.pooled import text_vectors
from src.runtime import seeding

_RATES = ("dropout", "attention_dropout")  # attributes that hold a rate where a family calls dropout itself


class SimCSE(Objective):
    """Two dropout views of each text; negatives lie in its own micro-batch, as for adjacent passages.

    Source: Gao, Yao and Chen (2021), without their extra layer on the vector.
    """

    config: SimCSESettings
    counted = "pairs"

    def check(self, model: PreTrainedModel) -> None:
        """ModelError where no dropout reaches the states: both views would be the same."""
        ids = torch.arange(8, device=model.device).unsqueeze(0) + 2
        batch = {"input_ids": ids.repeat(2, 1), "attention_mask": torch.ones_like(ids).repeat(2, 1)}
        with torch.no_grad():
            one, other = self._views(model, batch | {"draw": torch.tensor(0)})
        if torch.equal(one, other):
            raise ModelError(
                f"objective=simcse: {type(model).__name__} has no dropout, so its two views are the same; "
                "accepted: an architecture with dropout, or objective=contrastive"
            )

    def encode(self, rows: Sequence[Row], max_length: int) -> Encoded:
        """Each row's whole text."""
        return framed_rows(
            rows, self.tokenizer, max_length, lambda row, cut: EncodedRow(row.id, cut(text_of(row)), None)
        )

    def collate(self, rows: Sequence[EncodedRow], draw: Draw, first: int = 0) -> Batch:
        """Each text twice, `same` [pair, pair], and the seed of the dropout."""
        seed = seeding.derive(draw.seed, "objective", draw.step, first, "views")
        batch = collate([*rows, *rows], self.tokenizer.pad_token_id)
        return batch | {"same": same_rows(rows), "draw": torch.tensor(seed)}

    def count(self, batch: Batch) -> int:
        """Texts."""
        return len(batch["same"])

    def loss(self, model: nn.Module, batch: Batch) -> tuple[Tensor, int]:
        """InfoNCE in nats, summed over the texts; drops out whatever mode the model is in."""
        first, second = self._views(model, batch)
        return info_nce(first, second, batch["same"], self.config.temperature), len(first)

    def _views(self, model: nn.Module, batch: Batch) -> tuple[Tensor, Tensor]:
        with seeding.isolated(int(batch["draw"]), "dropout"), dropping(model, self.config.dropout):
            ids, mask = batch["input_ids"], batch["attention_mask"]
            vectors = text_vectors(model, ids, mask, self.config.pooling)
        return vectors[: len(vectors) // 2], vectors[len(vectors) // 2 :]


@contextmanager
def dropping(model: nn.Module, rate: float) -> Iterator[None]:
    """Inside, the model drops out at `rate` wherever its architecture can; modes and rates come back."""
    modes = {module: module.training for module in model.modules()}
    rates = [
        (module, key, getattr(module, key))
        for module in model.modules()
        for key in (("p",) if isinstance(module, nn.Dropout) else _RATES)
        if isinstance(getattr(module, key, None), float)
    ]
    try:
        model.train()
        for module, key, _ in rates:
            setattr(module, key, rate)
        yield
    finally:
        for module, key, value in rates:
            setattr(module, key, value)
        for module, training in modes.items():
            module.training = training
