"""InfoNCE on adjacent passages: the first half of a text finds its second half among those of its batch."""

from collections.abc import Sequence
from dataclasses import replace

from torch import Tensor, nn
from transformers import PreTrainedModel

from src.config.objective import ContrastiveSettings
from src.data.batches import collate
from src.data.encode import Encoded, EncodedRow
from src.data.rows import Row
from src.data.special_tokens import Cut, framed_rows, text_of
from src.objective.info_nce import info_nce, same_rows
from src.objective.objective import Batch, Draw, Objective
from src.objective.pooled import text_vectors


class Contrastive(Objective):
    """Pairs of adjacent passages; the negatives of a pair lie in its own micro-batch.

    The batch size is therefore part of what is learned: accumulation averages over more pairs and adds no
    negatives, on one process as on several.
    """

    config: ContrastiveSettings
    counted = "pairs"

    def check(self, model: PreTrainedModel) -> None:
        """Every architecture has states to pool."""

    def encode(self, rows: Sequence[Row], max_length: int) -> Encoded:
        """Two passages a row, each at most half of `max_length`; a row that is one word is left out."""

        def make(row: Row, cut: Cut) -> EncodedRow | None:
            first, second = halves(row)
            if not first or not second:
                return None
            return EncodedRow(row.id, cut(first), None, second=cut(second))

        return framed_rows(rows, self.tokenizer, max(1, max_length // 2), make)

    def collate(self, rows: Sequence[EncodedRow], draw: Draw, first: int = 0) -> Batch:
        """All first passages, then all second ones, and `same` [pair, pair]; nothing is drawn."""
        seconds = [replace(row, input_ids=row.second or []) for row in rows]
        return collate([*rows, *seconds], self.tokenizer.pad_token_id) | {"same": same_rows(rows)}

    def count(self, batch: Batch) -> int:
        """Pairs."""
        return len(batch["same"])

    def loss(self, model: nn.Module, batch: Batch) -> tuple[Tensor, int]:
        """InfoNCE in nats, summed over the pairs."""
        vectors = text_vectors(model, batch["input_ids"], batch["attention_mask"], self.config.pooling)
        pairs = self.count(batch)
        same, temperature = batch["same"], self.config.temperature
        return info_nce(vectors[:pairs], vectors[pairs:], same, temperature), pairs


def halves(row: Row) -> tuple[str, str]:
    """Passages that follow each other: prompt and completion, or a text cut at the space nearest its middle.

    The second is empty where the text is one word.
    """
    if row.prompt.strip():
        return row.prompt.strip(), row.completion.strip()
    text = text_of(row).strip()
    middle = len(text) // 2
    spaces = [place for place, character in enumerate(text) if character.isspace()]
    if not spaces:
        return text, ""
    place = min(spaces, key=lambda place: abs(place - middle))
    return text[:place].strip(), text[place:].strip()
