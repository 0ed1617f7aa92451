"""Two published checkpoints side by side: the layers of both on the same rows, without training."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from src.command.compose import model_named
from src.compare.passes import PairPasses
from src.compare.weights import (
    check_loss,
    drop_too_large,
    drop_training_only,
    kept_weights,
    unlike_weights,
)
from src.config.pair import PairConfig
from src.data.splits import load_splits
from src.errors import ModelError
from src.metrics.catalog import alike_only, names_needing
from src.model.adapter import adapter_content, is_adapter, merge_adapter
from src.model.content import model_content
from src.model.load import load_model
from src.model.loaded import LoadedModel
from src.probe.collectors import collectors, read_by
from src.probe.lens.both_lenses import OF_HEADS
from src.probe.states.probe_rows import OF_STATES
from src.probe.states.token_sets import NO_MASSIVE
from src.probe.table.layer_table import LayerRow
from src.probe.table.reading_tables import describe_tables, write_tables
from src.record.compared import note_comparison
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
        self.adapter = Path(config.tuned) if is_adapter(config.tuned) else None
        self.base = model_named(config.base, config.dtype)
        self.tuned = self.base if self.adapter else model_named(config.tuned, config.dtype)
        self.splits = {
            seed: load_splits(replace(config.data, seed=seed), trains=False) for seed in config.probe.seeds
        }
        rows = [splits.fingerprint for splits in self.splits.values()]
        contents = [model_content(self.base), model_content(self.tuned)]
        contents += [adapter_content(self.adapter)] if self.adapter else []
        self.id = pair_id(config, rows, contents)
        self.folder = RunFolder(Path(config.paths.runs_dir) / config.experiment / self.id)
        self.cache, self.device = Path(config.paths.cache_dir), pick_device(config.device)
        self.metrics = config.metrics
        self.described: dict[str, Any] = {}
        self.tables: dict[int, dict[str, list[LayerRow]]] = {}
        self.told: dict[str, Any] = {}

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
        num_layers, width = base.num_layers, base.width
        del base
        tuned = self._loaded("tuned", self.metrics.names)
        self._check_alike(num_layers, width, tuned)
        subjects = {seed: passes.subject(tuned, splits, kept) for seed, splits in self.splits.items()}
        if any(not subjects[seed].rows.alike(before[seed].rows) for seed in subjects):
            alike = [*alike_only(self.metrics.names), *names_needing(self.metrics.names, *OF_HEADS)]
            if NO_MASSIVE in self.config.probe.token_sets:  # its tokens are those of the base
                alike += names_needing(self.metrics.names, *OF_STATES)
            self._refuse("tokenizers that cut the rows differently", alike)
        self._refuse(*unlike_weights(kept, tuned, self.metrics.names))
        names = self.metrics.names
        for seed, subject in subjects.items():
            look = before.pop(seed)
            self.told = self.told or look.described
            self.tables[seed] = passes.tables(look, subject, names)
            names = [name for name in names if name not in read_by(names, "weights")]  # they have no rows

    def record(self) -> None:
        """Write layers.csv, one a seed if there are several, and run.json; one of two jobs at once does."""
        with RunLock(self.folder.path):
            if not self.folder.finished:
                self._write()

    def note(self) -> None:
        """Let whoever names the adapter find its finished comparison."""
        if self.adapter:
            note_comparison(self.cache, adapter_content(self.adapter), self.folder.path.parent)

    def _write(self) -> None:
        self.folder.open(self.config)
        tables = write_tables(self.folder.path, self.config.probe, list(self.tables.values()))
        first = next(iter(self.splits.values()))
        record = (
            describe_machine(self.id, "success", self.config.experiment, self.device)
            | {
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
                "tokens": self.told.get("tokens"),
            }
            | describe_tables(tables)
        )
        write_record(self.folder.path, record)

    def _loaded(self, side: str, names: list[str]) -> LoadedModel:
        """One of the models, which can have the metrics."""
        loaded = load_model(getattr(self, side), self.cache, self.device)
        if side == "tuned" and self.adapter:
            loaded = merge_adapter(loaded, self.adapter)
        self.described[side] = describe_loaded(loaded)
        check_loss(names, loaded.model)
        for collector, own in collectors(names).items():
            collector.check(own, loaded)
        return loaded

    def _check_alike(self, num_layers: int, width: int, tuned: LoadedModel) -> None:
        """ModelError where the shapes of the models allow no comparison by a metric that is asked for."""
        if num_layers != tuned.num_layers:
            self._refuse(f"{num_layers} blocks against {tuned.num_layers}", self.metrics.names)
        if width != tuned.width:
            self._refuse(f"width {width} against {tuned.width}", alike_only(self.metrics.names))

    def _refuse(self, difference: str, names: list[str]) -> None:
        """ModelError if a metric is asked for that makes no sense for two models with this difference."""
        if names:
            pair = f"base={self.config.base}, tuned={self.config.tuned}"
            raise ModelError(f"metric {names[0]}: {pair} have {difference}; it needs models alike in this")
