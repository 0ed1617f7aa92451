"""The probe stage of a run: what the metric set needs, gathered from an adapted model."""

import logging
import tempfile
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from src.config.schema import DataConfig, MetricsConfig, RunConfig
from src.data.encode import EncodedRow, encode_rows
from src.data.rows import Row
from src.data.splits import Splits
from src.errors import ModelError
from src.method.adapt import AdaptedModel
from src.method.weights import base_weights
from src.metrics.catalog import names_needing, switches
from src.model.loaded import LoadedModel
from src.objective.objective import Draw, Objective
from src.objective.pretraining import pretraining_objective
from src.pipeline.base_cache import BaseCache
from src.probe.gradients.at_weights import gradient_rows
from src.probe.gradients.gradient_norm import block_gradient_norms, gradient_norm, kind_gradient_norms
from src.probe.gradients.objective_distance import Side, objective_distance_rows
from src.probe.lens.lens_pass import lens_pass, lens_rows
from src.probe.states.layer_statistics import LayerStatistics
from src.probe.states.probe_rows import OF_STATES, ProbeRows, gather, probe_rows
from src.probe.table.layer_table import LayerRow, layer_rows
from src.probe.weights.updates import update_rows

_LOG = logging.getLogger(__name__)


def lens_table(
    loaded: LoadedModel,
    model: nn.Module,
    rows: Sequence[Row],
    data: DataConfig,
    metrics: MetricsConfig,
    stage: str,
) -> list[LayerRow]:
    """Rows of the lens metrics of a model as it answers now, read at the completions of the probe rows."""
    labelled = encode_rows(rows, loaded.tokenizer, data.max_length, "completion").rows
    batches = ProbeRows(labelled, [], loaded.tokenizer.pad_token_id, metrics.batch_size).batches(labelled)
    names = names_needing(metrics.names, "lens")
    return lens_rows(lens_pass(model, loaded.blocks, batches, names, metrics.lens_positions), stage)


def lens_settings(metrics: MetricsConfig) -> list[Any]:
    """All that decides the numbers of `lens_table` beside model and rows."""
    return [names_needing(metrics.names, "lens"), metrics.lens_positions, metrics.batch_size]


class RunProbe:
    """Everything that the metrics of one run need, base against tuned."""

    def __init__(
        self,
        adapted: AdaptedModel,
        objective: Objective,
        splits: Splits,
        train: list[EncodedRow],
        config: RunConfig,
    ) -> None:
        self.adapted, self.objective, self.splits = adapted, objective, splits
        self.train, self.config = train, config
        self.model, self.blocks = adapted.model, adapted.loaded.blocks
        self.trained = config.method.kind != "none"
        self.rows = self._encoded(splits.probe)

    def _encoded(self, rows: Sequence[Row]) -> ProbeRows:
        return probe_rows(rows, self.adapted.loaded.tokenizer, self.config.data, self.config.metrics)

    def measure(self, base: BaseCache, steps: Sequence[dict[str, Any]]) -> list[LayerRow]:
        """The layer table; `steps` is the step log, for what was measured while training went on."""
        extra = [*self._updates(), *self._gradients(steps), *self._distances()]
        extra += self._lens(self.splits.probe, base)
        return self._table(self.rows, base, self.config.metrics.names, extra)

    def measure_further(self, base: BaseCache) -> list[list[LayerRow]]:
        """The same for each further set of probe rows, as far as metrics look at probe rows."""
        names = names_needing(self.config.metrics.names, *OF_STATES, "lens")
        tables = []
        for rows in self.splits.further_probe:
            mine = base.beside(further=[row.id for row in rows])
            tables.append(self._table(self._encoded(rows), mine, names, self._lens(rows, mine)))
        return tables

    def _table(
        self,
        rows: ProbeRows,
        cache: BaseCache,
        names: Sequence[str],
        extra: Sequence[LayerRow],
    ) -> list[LayerRow]:
        metrics = self.config.metrics
        base = tuned = None
        with tempfile.TemporaryDirectory(prefix="probe-", dir=cache.folder) as folder:
            if names_needing(names, *OF_STATES):

                def measured(path: Path) -> LayerStatistics:
                    return gather(self.model, self.blocks, rows, metrics, path)

                with self._base():
                    base = cache.statistics(metrics, measured)
                tuned = measured(Path(folder)) if self.trained else None
            return layer_rows(base, tuned, names, len(self.blocks), (), extra, switches(metrics))

    def _updates(self) -> list[LayerRow]:
        names = names_needing(self.config.metrics.names, "weights")
        if not names or not self.trained:
            return []
        return update_rows(self.model, self.blocks, names, self.adapted.originals)

    def _gradients(self, steps: Sequence[dict[str, Any]]) -> list[LayerRow]:
        names = names_needing(self.config.metrics.names, "gradients")
        rows: list[LayerRow] = []
        if "gradient_norm" in names and self.trained:
            keys = ("block_gradient_norms", "kind_gradient_norms")
            rows += gradient_norm(*([step[key] for step in steps] for key in keys))
        later = [name for name in names if name != "gradient_norm"]
        if later and self.trained:
            rows += gradient_rows(
                self.model, self.blocks, self._training_batches, self.objective.loss, later, self._base,
                self.adapted.originals, self.config.metrics.gradient_blocks,
            )  # fmt: skip
        return rows

    def _training_batches(self) -> list[dict[str, Tensor]]:
        return self._batches(self.objective, self.train[: self.config.metrics.num_gradient_rows])

    def _batches(self, objective: Objective, rows: Sequence[EncodedRow]) -> list[dict[str, Tensor]]:
        size, draw = self.config.metrics.batch_size, Draw(self.config.seed, 0)
        starts = range(0, len(rows), size)
        return [objective.collate(rows[start : start + size], draw, start) for start in starts]

    def _distances(self) -> list[LayerRow]:
        names = names_needing(self.config.metrics.names, "objectives")
        if not names:
            return []
        loaded = self.adapted.loaded
        try:
            other = pretraining_objective(self.config.objective, loaded.model, loaded.tokenizer)
        except ModelError as error:
            _LOG.warning("no objective distance: %s", error)
            return []
        rows = self.splits.train[: self.config.metrics.num_gradient_rows]
        first, second = (self._side(one, rows) for one in (other, self.objective))
        at_once = self.config.metrics.gradient_blocks
        with self._base():
            return objective_distance_rows(self.model, self.blocks, first, second, names, at_once)

    def _side(self, objective: Objective, rows: Sequence[Row]) -> Side:
        encoded = objective.encode(rows, self.config.data.max_length).rows
        return partial(self._batches, objective, encoded), objective.loss

    def _lens(self, rows: Sequence[Row], cache: BaseCache) -> list[LayerRow]:
        metrics, data = self.config.metrics, self.config.data
        if not names_needing(metrics.names, "lens"):
            return []
        look = partial(lens_table, self.adapted.loaded, self.model, rows, data, metrics)
        with self._base():
            base = cache.rows("lens", lens_settings(metrics), partial(look, "base"))
        return [*base, *(look("tuned") if self.trained else [])]

    def _base(self) -> AbstractContextManager[None]:
        return base_weights(self.adapted)


def step_measurement(
    model: nn.Module, blocks: Sequence[str], metrics: MetricsConfig
) -> Callable[[], dict[str, Any]]:
    """What to add to the step log: the gradient norm of each block and kind, if a metric asks for it."""
    if "gradient_norm" not in metrics.names:
        return dict
    return lambda: {
        "block_gradient_norms": block_gradient_norms(model, blocks),
        "kind_gradient_norms": kind_gradient_norms(model, blocks),
    }
