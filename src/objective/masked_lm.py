"""Cross-entropy on tokens that were taken out of the text, for models that read in both directions."""

from collections.abc import Sequence
from functools import cached_property

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import PreTrainedModel

from src.config.objective import MaskedLMSettings
from src.data.batches import collate
from src.data.encode import IGNORED, Encoded, EncodedRow
from src.data.rows import Row
from src.data.special_tokens import Cut, framed_rows, text_of
from src.errors import ModelError
from src.model.causal import is_causal
from src.objective.head import chosen_logits
from src.objective.objective import Batch, Draw, Objective

MASKED, REPLACED = 0.8, 0.1  # shares of the chosen tokens, as BERT's; the rest stays as it is


class MaskedLM(Objective):
    """A share of each row's tokens, chosen anew at every step, is to be found.

    The number chosen is the rounded share, at least one, so that every row counts at every step.
    Source: Devlin et al. (2019), section 3.1.
    """

    config: MaskedLMSettings
    counted = "masked_tokens"

    def check(self, model: PreTrainedModel) -> None:
        """ModelError for a decoder, a model without an output head and a tokenizer without a mask."""
        name, accepted = type(model).__name__, "accepted: a masked language model, such as BERT"
        if model.get_output_embeddings() is None:
            raise ModelError(f"objective=masked_lm: {name} has no output head; {accepted}")
        if is_causal(model):
            raise ModelError(f"objective=masked_lm: {name} reads from left to right; {accepted}")
        if self.tokenizer.mask_token_id is None:
            raise ModelError(f"objective=masked_lm: the tokenizer of {name} has no mask token; {accepted}")

    def encode(self, rows: Sequence[Row], max_length: int) -> Encoded:
        """Each row's whole text, special tokens included; a row without any other token is left out."""

        def make(row: Row, cut: Cut) -> EncodedRow | None:
            ids = cut(text_of(row))
            return EncodedRow(row.id, ids, None) if self._places(ids) else None

        return framed_rows(rows, self.tokenizer, max_length, make)

    def collate(self, rows: Sequence[EncodedRow], draw: Draw, first: int = 0) -> Batch:
        """input_ids with holes, attention_mask, and as labels what was there; each row's own draw."""
        holed = [self._holed(row, draw.generator(first + i, "mask")) for i, row in enumerate(rows)]
        return collate(holed, self.tokenizer.pad_token_id)

    def count(self, batch: Batch) -> int:
        """Tokens to be found."""
        return int((batch["labels"] != IGNORED).sum())

    def located(self, batch: Batch) -> Batch:
        """With the places to be found."""
        return batch | {"places": _holes(batch["labels"])}

    def loss(self, model: nn.Module, batch: Batch) -> tuple[Tensor, int]:
        """Summed cross-entropy in nats and the number of tokens to be found."""
        places = batch["places"] if "places" in batch else _holes(batch["labels"])
        logits, targets = chosen_logits(model, batch, places).float(), batch["labels"].flatten()[places]
        return functional.cross_entropy(logits, targets, reduction="sum"), len(places)

    def _places(self, ids: Sequence[int]) -> list[int]:
        return [place for place, token in enumerate(ids) if token not in self._special]

    def _holed(self, row: EncodedRow, generator: torch.Generator) -> EncodedRow:
        places = self._places(row.input_ids)
        number = max(1, round(self.config.mask_share * len(places)))
        order = torch.randperm(len(places), generator=generator)[:number].tolist()
        kinds = torch.rand(number, generator=generator).tolist()
        others = torch.randint(len(self._plain), (number,), generator=generator).tolist()
        ids, labels = list(row.input_ids), [IGNORED] * len(row.input_ids)
        for place, kind, other in zip((places[i] for i in order), kinds, others, strict=True):
            labels[place] = ids[place]
            if kind < MASKED:
                ids[place] = self.tokenizer.mask_token_id
            elif kind < MASKED + REPLACED:
                ids[place] = self._plain[other]
        return EncodedRow(row.id, ids, labels)

    @cached_property
    def _special(self) -> set[int]:
        return set(self.tokenizer.all_special_ids)

    @cached_property
    def _plain(self) -> list[int]:
        """Ids that may stand in for a token."""
        return [token for token in range(len(self.tokenizer)) if token not in self._special]


def _holes(labels: Tensor) -> Tensor:
    """Places of [row, token], row-major, that are to be found [chosen]."""
    return (labels != IGNORED).flatten().nonzero()[:, 0]
