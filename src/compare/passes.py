"""The passes of a pair: what each of the two models says of one set of rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from src.config.pair import PairConfig
from src.config.schema import MetricsConfig
from src.data.chat.render import rendered_splits
from src.data.encode import encode_rows
from src.data.splits import Splits
from src.method.weights import swapped_weights
from src.model.capacity import check_room
from src.model.loaded import LoadedModel
from src.objective.causal_lm import causal_lm_loss
from src.pipeline.base_cache import base_cache
from src.probe.collector import Collector, Side, Subject
from src.probe.collectors import collectors
from src.probe.states.probe_rows import ProbeRows
from src.probe.table.layer_table import in_order
from src.probe.table.reading_tables import Tables


@dataclass
class Before:
    """What is known of the base once it was let go."""

    rows: ProbeRows
    looks: dict[Collector, Any]
    """What each collector needs of it."""
    described: dict[str, Any]
    """What the record says of it."""


@dataclass(frozen=True)
class PairPasses:
    """The passes that a metric set needs."""

    config: PairConfig
    metrics: MetricsConfig
    """Of the configuration, without metrics that this pair cannot have."""
    cache: Path
    device: torch.device

    def of_base(self, base: LoadedModel, splits: Splits) -> Before:
        """Everything that later needs the base; nothing is computed twice for one base and rows."""
        subject = self.subject(base, splits, {})
        found = collectors(self.metrics.names)
        looks = {one: one.of_base(names, subject) for one, names in found.items()}
        told = [one.described(look, subject) for one, look in looks.items()]
        return Before(subject.rows, looks, {key: value for one in told for key, value in one.items()})

    def tables(self, before: Before, subject: Subject, names: Sequence[str]) -> Tables:
        """The layer tables of some of the metrics, by reading; `subject` is the tuned model."""
        found: Tables = {reading.name: [] for reading in subject.settings.readings}
        for collector, own in collectors(names).items():
            for name, rows in collector.tables(own, before.looks[collector], subject).items():
                found[name] += rows
        return {name: in_order(rows, names) for name, rows in found.items()}

    def subject(self, loaded: LoadedModel, splits: Splits, kept: dict[str, Tensor]) -> Subject:
        """One of the models on rows that it has room for; with the weights of the base that were kept.

        Raises:
            UserError: a row of ids or positions that the model has none of.
        """
        dtype, data = self.config.dtype, self.config.data
        splits = rendered_splits(splits, loaded.tokenizer, data)
        subject = Subject(
            loaded=loaded,
            model=loaded.model,
            probe=splits.probe,
            data=data,
            metrics=self.metrics,
            settings=self.config.probe,
            store=base_cache(self.cache, loaded.fingerprint, dtype, self.device, splits, data),
            training=Side(partial(self._training_batches, loaded, splits), causal_lm_loss, []),
            at_base=partial(swapped_weights, loaded.model, kept),
            originals=kept,
        )
        check_room(loaded.model, subject.rows.ids, loaded.tokenizer.pad_token_id, data.max_length)
        return subject

    def _training_batches(self, loaded: LoadedModel, splits: Splits) -> list[dict[str, Tensor]]:
        some = splits.train[: self.metrics.num_gradient_rows]
        rows = encode_rows(some, loaded.tokenizer, self.config.data.max_length, "completion").rows
        probe = ProbeRows(rows, [], loaded.tokenizer.pad_token_id, self.metrics.batch_size)
        return probe.batches(rows, loaded.model)
