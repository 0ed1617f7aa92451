"""Cross-entropy on the label of a row, read from the vector of its text by one linear layer."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import PreTrainedModel

from src.config.objective import PooledSettings
from src.data.batches import collate
from src.data.encode import Encoded, EncodedRow
from src.data.rows import Row
from src.data.special_tokens import Cut, framed_rows, text_of
from src.errors import DataError
from src.method.adapted import AdaptedModel
from src.model.trunk import base_of
from src.objective.objective import Batch, Draw, Objective
from src.objective.pooled import text_vectors
from src.runtime import seeding

HEAD = "classification_head"


class Classification(Objective):
    """The classes are the labels of the training rows, in alphabetical order.

    The layer is part of the model, trains with it whatever the band is, and belongs to no block.
    """

    config: PooledSettings
    counted = "rows"

    def check(self, model: PreTrainedModel) -> None:
        """Every architecture has states to pool; the rows must have labels of two kinds at least.

        Raises:
            DataError: the rows have labels of one kind, or none.
        """
        if len(self.classes) < 2:
            found = ", ".join(self.classes) or "none"
            raise DataError(
                f"objective=classification: the training rows have the labels: {found}; "
                "accepted: data=english, or data.label with two or more values"
            )

    def prepare(self, adapted: AdaptedModel, seed: int) -> None:
        """Give the model its layer; the same weights for every band and method of a seed."""
        model = base_of(adapted.model)
        ids = torch.zeros(1, 2, dtype=torch.long, device=model.device)
        with torch.no_grad():
            width = text_vectors(adapted.model, ids, torch.ones_like(ids), self.config.pooling).shape[1]
        with seeding.isolated(seed, HEAD):
            head = nn.Linear(width, len(self.classes)).to(model.device)
        model.add_module(HEAD, head)
        known = {name: value for name, value in adapted.trainable.items() if f"{HEAD}." in name}
        adapted.originals |= {name: value.detach().clone() for name, value in known.items()}

    def encode(self, rows: Sequence[Row], max_length: int) -> Encoded:
        """Each row's whole text and its class."""

        def make(row: Row, cut: Cut) -> EncodedRow:
            return EncodedRow(row.id, cut(text_of(row)), None, target=self.classes.index(str(row.label)))

        return framed_rows(rows, self.tokenizer, max_length, make)

    def collate(self, rows: Sequence[EncodedRow], draw: Draw, first: int = 0) -> Batch:
        """input_ids, attention_mask, `targets` [row]; nothing is drawn."""
        targets = torch.tensor([row.target for row in rows])
        return collate(rows, self.tokenizer.pad_token_id) | {"targets": targets}

    def count(self, batch: Batch) -> int:
        """Rows."""
        return len(batch["targets"])

    def loss(self, model: nn.Module, batch: Batch) -> tuple[Tensor, int]:
        """Summed cross-entropy in nats and the number of rows."""
        vectors = text_vectors(model, batch["input_ids"], batch["attention_mask"], self.config.pooling)
        scores = base_of(model).get_submodule(HEAD)(vectors)
        return functional.cross_entropy(scores.float(), batch["targets"], reduction="sum"), len(vectors)
