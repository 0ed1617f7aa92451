"""The passes of a pair: what each of the two models says of one set of rows."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from src.compare.weights import COSINE, FISHER, cosine_rows, fisher_rows
from src.config.schema import MetricsConfig, PairConfig
from src.data.encode import encode_rows
from src.data.splits import Splits
from src.metrics.catalog import names_needing
from src.model.loaded import LoadedModel
from src.pipeline.base_cache import base_cache
from src.pipeline.probe_stage import lens_settings, lens_table
from src.probe.gradients.weight_gradients import Batch
from src.probe.states.layer_statistics import LayerStatistics
from src.probe.states.probe_rows import OF_STATES, ProbeRows, gather, probe_rows
from src.probe.table.layer_table import LayerRow


@dataclass
class Before:
    """What is known of the base once it was let go."""

    rows: ProbeRows
    statistics: LayerStatistics | None = None
    extra: list[LayerRow] = field(default_factory=list)


@dataclass(frozen=True)
class PairPasses:
    """The passes that a metric set needs."""

    config: PairConfig
    metrics: MetricsConfig
    """Of the configuration, without metrics that this pair cannot have."""
    cache: Path
    device: torch.device

    def rows(self, loaded: LoadedModel, splits: Splits) -> ProbeRows:
        """The probe rows as one of the models reads them."""
        return probe_rows(splits.probe, loaded.tokenizer, self.config.data, self.metrics)

    def of_base(self, base: LoadedModel, splits: Splits) -> Before:
        """Everything that later needs the base; nothing is computed twice for one base and rows."""
        metrics, data, rows = self.metrics, self.config.data, self.rows(base, splits)
        dtype = self.config.dtype
        cache = base_cache(self.cache, base.fingerprint, dtype, self.device, splits, data)
        before = Before(rows)
        if names_needing(metrics.names, *OF_STATES):
            measured = partial(gather, base.model, base.blocks, rows, metrics)
            before.statistics = cache.statistics(metrics, measured)
        if names_needing(metrics.names, "lens"):
            look = partial(lens_table, base, base.model, splits.probe, data, metrics, "base")
            before.extra += cache.rows("lens", lens_settings(metrics), look)
        if FISHER in metrics.names:
            take = partial(fisher_rows, base, self._training_batches(base, splits), "base")
            before.extra += cache.rows(FISHER, [metrics.num_gradient_rows], take)
        return before

    def of_tuned(self, tuned: LoadedModel, splits: Splits, kept: dict[str, Tensor]) -> list[LayerRow]:
        """Rows of lens and gradients, the latter also at the base weights `kept`."""
        names, rows = self.metrics.names, []
        if names_needing(names, "lens"):
            rows += lens_table(tuned, tuned.model, splits.probe, self.config.data, self.metrics, "tuned")
        if names_needing(names, "gradients"):
            batches = self._training_batches(tuned, splits)
            rows += fisher_rows(tuned, batches, "tuned") if FISHER in names else []
            if COSINE in names:
                rows += cosine_rows(tuned, kept, batches, self.metrics.gradient_blocks)
        return rows

    def _training_batches(self, loaded: LoadedModel, splits: Splits) -> Sequence[Batch]:
        some = splits.train[: self.metrics.num_gradient_rows]
        rows = encode_rows(some, loaded.tokenizer, self.config.data.max_length, "completion").rows
        return ProbeRows(rows, [], loaded.tokenizer.pad_token_id, self.metrics.batch_size).batches(rows)
