"""The probe rows as tokens, with the views that metrics ask for."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

import torch
from torch import Tensor, nn
from transformers import PreTrainedTokenizerBase

from src.config.schema import DataConfig, MetricsConfig
from src.data.batches import collate
from src.data.encode import EncodedRow, encode_texts
from src.data.rows import Row
from src.evaluate.batching import batches
from src.metrics.catalog import names_needing
from src.model.beside import probed_beside
from src.probe.states.views import dropout_views, template_views

OF_STATES = ("pooled", "next", "tokens", "pair", "views")  # needs that a pass over the probe rows answers


@dataclass(frozen=True)
class ProbeRows:
    """The probe rows as tokens."""

    rows: list[EncodedRow]
    views: list[EncodedRow]
    """Augmented views, row by row and view by view; empty where no metric needs them."""
    pad_id: int
    batch_size: int

    def alike(self, other: "ProbeRows") -> bool:
        """Whether the tokens are the same; what fills up a batch is never looked at."""
        return (self.rows, self.views) == (other.rows, other.views)

    @property
    def ids(self) -> list[list[int]]:
        """Token ids of every row and every view."""
        return [row.input_ids for row in (*self.rows, *self.views)]

    def batches(self, rows: Sequence[EncodedRow], model: nn.Module) -> list[dict[str, Tensor]]:
        """Padded batches of rows, the longest first; `row` says which row a sequence is.

        A model that reads its padding is given rows of one length: none of them changes another's states.
        """
        kind = probed_beside(model, self.pad_id)
        found = batches(kind, [len(row.input_ids) for row in rows], self.batch_size)
        return [
            collate([rows[index] for index in batch], self.pad_id) | {"row": torch.tensor(batch)}
            for batch in found
        ]


def probe_rows(
    rows: Sequence[Row], tokenizer: PreTrainedTokenizerBase, data: DataConfig, metrics: MetricsConfig
) -> ProbeRows:
    """The probe rows as tokens, with their views where a metric needs them."""
    encoded = encode_texts(rows, tokenizer, data.max_length)
    views: list[EncodedRow] = []
    if names_needing(metrics.names, "views"):
        dropped = dropout_views(encoded, metrics.num_dropout_views, metrics.view_dropout, data.seed)
        framed = template_views(rows, data.prompt, metrics.view_templates, tokenizer, data.max_length)
        views = [
            EncodedRow(row.id, ids, None)
            for row, first, second in zip(encoded, dropped, framed, strict=True)
            for ids in _alternating(first, second)
        ]
    return ProbeRows(encoded, views, tokenizer.pad_token_id, metrics.batch_size)


def _alternating(first: list[list[int]], second: list[list[int]]) -> list[list[int]]:
    """One of each kind in turn, so that metrics of two views compare views of different kinds."""
    return [ids for pair in zip_longest(first, second) for ids in pair if ids is not None]
