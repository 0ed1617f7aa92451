"""Two published checkpoints side by side: the layers of both on the same rows, without training."""

import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from torch import Tensor

from src.command.compose import model_named
from src.compare.passes import PairPasses
from src.compare.weights import (
    check_loss,
    drop_too_large,
    drop_training_only,
    kept_weights,
    unlike_weights,
)
from src.config.schema import PairConfig
from src.data.splits import load_splits
from src.errors import ModelError
from src.metrics.catalog import alike_only, names_needing, switches
from src.model.adapter import adapter_content, is_adapter, merge_adapter
from src.model.content import model_content
from src.model.load import load_model
from src.model.loaded import LoadedModel
from src.probe.lens.lens_pass import check_lens
from src.probe.states.layer_statistics import LayerStatistics
from src.probe.states.probe_rows import ProbeRows, gather
from src.probe.table.layer_table import LayerRow, layer_rows
from src.probe.table.layers_csv import read_layers, write_layers
from src.probe.table.spread import spread_over_seeds
from src.probe.table.summary import spearman_between, summarise
from src.probe.weights.updates import update_rows
from src.record.folder import RunFolder
from src.record.identity import pair_id
from src.record.provenance import forget_peak
from src.record.run_record import describe_loaded, describe_machine, write_record
from src.runtime.device import pick_device
from src.storage.lock import RunLock


class Pair:
    """One comparison. The models are loaded one after the other; weights are kept only to compare weights."""

    def __init__(self, config: PairConfig) -> None:
        self.config = config
        self.adapter = Path(config.tuned).expanduser() if is_adapter(config.tuned) else None
        self.base = model_named(config.base, config.dtype)
        self.tuned = self.base if self.adapter else model_named(config.tuned, config.dtype)
        self.splits = {seed: load_splits(replace(config.data, seed=seed)) for seed in config.probe.seeds}
        rows = [splits.fingerprint for splits in self.splits.values()]
        contents = [model_content(self.base), model_content(self.tuned)]
        contents += [adapter_content(self.adapter)] if self.adapter else []
        self.id = pair_id(config, rows, contents)
        self.folder = RunFolder(Path(config.paths.runs_dir) / config.experiment / self.id)
        self.cache, self.device = Path(config.paths.cache_dir), pick_device(config.device)
        self.metrics = config.metrics
        self.described: dict[str, Any] = {}
        self.tables: dict[int, list[LayerRow]] = {}

    def probe(self) -> None:
        """Measure both models on every set of rows."""
        forget_peak(self.device)
        self.folder.check_writable()
        names = drop_training_only(self.config.metrics.names)
        base = self._loaded("base", names)
        self.metrics = replace(self.config.metrics, names=drop_too_large(names, base))
        passes = PairPasses(self.config, self.metrics, self.cache, self.device)
        before = {seed: passes.of_base(base, splits) for seed, splits in self.splits.items()}
        kept = kept_weights(base, self.metrics.names)
        num_blocks, width = base.num_blocks, base.width
        del base
        tuned = self._loaded("tuned", self.metrics.names)
        own = {seed: passes.rows(tuned, splits) for seed, splits in self.splits.items()}
        self._check_alike(num_blocks, width, tuned)
        if any(not own[seed].alike(before[seed].rows) for seed in own):
            alike = [*alike_only(self.metrics.names), *names_needing(self.metrics.names, "lens")]
            self._refuse("tokenizers that cut the rows differently", alike)
        self._refuse(*unlike_weights(kept, tuned, self.metrics.names))
        weights = self._of_weights(tuned, kept)
        for seed, splits in self.splits.items():
            extra = [*before[seed].extra, *passes.of_tuned(tuned, splits, kept), *weights]
            self.tables[seed] = self._table(tuned, own[seed], before[seed].statistics, extra)
            weights = []  # the same for every set of rows

    def record(self) -> None:
        """Write layers.csv, one a seed if there are several, and run.json; one of two jobs at once does."""
        with RunLock(self.folder.path):
            if not self.folder.finished:
                self._write()

    def _write(self) -> None:
        self.folder.open(self.config)
        if len(self.tables) > 1:
            for seed, table in self.tables.items():
                write_layers(self.folder.path / f"layers-seed-{seed}.csv", table)
        write_layers(self.folder.path / "layers.csv", spread_over_seeds(list(self.tables.values())))
        first = next(iter(self.splits.values()))
        layers = read_layers(self.folder.path / "layers.csv")
        record = describe_machine(self.id, "success", self.config.experiment, self.device) | {
            "choices": {
                "method": "pair",
                "band": "none",
                "model": self.config.base,
                "tuned": self.config.tuned,
            },
            "seed": self.config.probe.seeds[0],
            "seeds": list(self.config.probe.seeds),
            "model": self.described["base"],
            "tuned": self.described["tuned"],
            "data": {"source": first.source, "num_probe": len(first.probe)},
            "profiles": summarise(layers),
            "spearman": spearman_between(layers),
        }
        write_record(self.folder.path, record)

    def _loaded(self, side: str, names: list[str]) -> LoadedModel:
        """One of the models, which can have the metrics."""
        loaded = load_model(getattr(self, side), self.cache, self.device)
        if side == "tuned" and self.adapter:
            loaded = merge_adapter(loaded, self.adapter)
        self.described[side] = describe_loaded(loaded)
        check_loss(names, loaded.model)
        if names_needing(names, "lens"):
            check_lens(loaded.model, loaded.blocks)
        return loaded

    def _of_weights(self, tuned: LoadedModel, kept: Mapping[str, Tensor]) -> list[LayerRow]:
        names = names_needing(self.metrics.names, "weights")
        return update_rows(tuned.model, tuned.blocks, names, kept) if names else []

    def _table(
        self, tuned: LoadedModel, rows: ProbeRows, before: LayerStatistics | None, extra: list[LayerRow]
    ) -> list[LayerRow]:
        metrics, after = self.metrics, None
        self.cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="pair-", dir=self.cache) as folder:
            if before:
                after = gather(tuned.model, tuned.blocks, rows, metrics, Path(folder))
            return layer_rows(before, after, metrics.names, tuned.num_blocks, (), extra, switches(metrics))

    def _check_alike(self, num_blocks: int, width: int, tuned: LoadedModel) -> None:
        """ModelError where the shapes of the models allow no comparison by a metric that is asked for."""
        if num_blocks != tuned.num_blocks:
            self._refuse(f"{num_blocks} blocks against {tuned.num_blocks}", self.metrics.names)
        if width != tuned.width:
            self._refuse(f"width {width} against {tuned.width}", alike_only(self.metrics.names))

    def _refuse(self, difference: str, names: list[str]) -> None:
        """ModelError if a metric is asked for that makes no sense for two models with this difference."""
        if names:
            pair = f"base={self.config.base}, tuned={self.config.tuned}"
            raise ModelError(f"metric {names[0]}: {pair} have {difference}; it needs models alike in this")
