"""Two published checkpoints side by side: the layers of both on the same rows, without training."""

import logging
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
from torch import Tensor

from src.base import base_key, base_statistics
from src.compose import model_named
from src.config.rules import refuse
from src.config.schema import PairConfig
from src.data.splits import Splits, load_splits
from src.device import pick_device
from src.errors import ModelError
from src.metrics.catalog import alike_only, names_needing
from src.model.content import model_content
from src.model.load import load_model
from src.model.loaded import LoadedModel
from src.probe.layers_csv import read_layers, write_layers
from src.probe.run import ProbeRows, gather
from src.probe.spread import spread_over_seeds
from src.probe.statistics import LayerStatistics
from src.probe.summary import spearman_between, summarise
from src.probe.table import LayerRow, layer_rows
from src.probe.updates import update_rows
from src.probing import OF_STATES, lens_table, probe_rows
from src.record.folder import RunFolder
from src.record.identity import pair_id
from src.record.lock import RunLock
from src.record.run_record import describe_loaded, describe_machine, write_record

_LOG = logging.getLogger(__name__)


class Pair:
    """One comparison. The models are loaded one after the other; weights are kept only to compare weights."""

    def __init__(self, config: PairConfig) -> None:
        self.config = config
        self.base, self.tuned = (model_named(name, config.dtype) for name in (config.base, config.tuned))
        self.splits = {seed: load_splits(replace(config.data, seed=seed)) for seed in config.probe.seeds}
        rows = [splits.fingerprint for splits in self.splits.values()]
        self.id = pair_id(config, rows, [model_content(self.base), model_content(self.tuned)])
        self.folder = RunFolder(Path(config.paths.runs_dir) / config.experiment / self.id)
        self.cache, self.device = Path(config.paths.cache_dir), pick_device(config.device)
        self.described: dict[str, Any] = {}
        self.tables: dict[int, list[LayerRow]] = {}

    def probe(self) -> None:
        """Measure both models on every set of rows."""
        self.folder.check_writable()
        _refuse_untrained(self.config.metrics.names)
        base = load_model(self.base, self.cache, self.device)
        tokens = {seed: self._rows(base, splits) for seed, splits in self.splits.items()}
        before = {seed: self._base(base, tokens[seed], splits) for seed, splits in self.splits.items()}
        lens = {seed: self._lens(base, splits, "base") for seed, splits in self.splits.items()}
        initial = self._kept_weights(base)
        self.described["base"] = describe_loaded(base)
        num_blocks, width = base.num_blocks, base.width
        del base
        tuned = load_model(self.tuned, self.cache, self.device)
        self.described["tuned"] = describe_loaded(tuned)
        own = {seed: self._rows(tuned, splits) for seed, splits in self.splits.items()}
        if num_blocks != tuned.num_blocks:
            self._refuse(f"{num_blocks} blocks against {tuned.num_blocks}", self.config.metrics.names)
        if width != tuned.width:
            self._refuse(f"width {width} against {tuned.width}", alike_only(self.config.metrics.names))
        if any(not own[seed].alike(tokens[seed]) for seed in own):
            names = self.config.metrics.names
            alike = [*alike_only(names), *names_needing(names, "lens")]
            self._refuse("tokenizers that cut the rows differently", alike)
        for seed, splits in self.splits.items():
            extra = [*lens[seed], *self._lens(tuned, splits, "tuned")]
            self.tables[seed] = self._table(tuned, own[seed], before[seed], initial, extra)

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

    def _rows(self, loaded: LoadedModel, splits: Splits) -> ProbeRows:
        return probe_rows(splits.probe, loaded.tokenizer, self.config.data, self.config.metrics)

    def _lens(self, loaded: LoadedModel, splits: Splits, stage: str) -> list[LayerRow]:
        config = self.config
        if not names_needing(config.metrics.names, "lens"):
            return []
        return lens_table(loaded, loaded.model, splits.probe, config.data, config.metrics, stage)

    def _base(self, loaded: LoadedModel, rows: ProbeRows, splits: Splits) -> LayerStatistics | None:
        config = self.config
        if not names_needing(config.metrics.names, *OF_STATES):
            return None
        key = base_key(loaded.fingerprint, config.dtype, self.device, splits, config.data)
        return base_statistics(
            key, config.metrics, self.cache,
            lambda folder: gather(loaded.model, loaded.blocks, rows, config.metrics, folder),
        )  # fmt: skip

    def _table(
        self,
        tuned: LoadedModel,
        rows: ProbeRows,
        before: LayerStatistics | None,
        initial: Mapping[str, Tensor],
        extra: list[LayerRow],
    ) -> list[LayerRow]:
        metrics, after = self.config.metrics, None
        self.cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="pair-", dir=self.cache) as folder:
            if before:
                after = gather(tuned.model, tuned.blocks, rows, metrics, Path(folder))
            if updated := names_needing(metrics.names, "weights"):
                extra = [*extra, *update_rows(tuned.model, tuned.blocks, updated, initial)]
            return layer_rows(before, after, metrics.names, tuned.num_blocks, extra=extra)

    def _kept_weights(self, base: LoadedModel) -> dict[str, Tensor]:
        """The base weights of all blocks, where a metric compares weights; they must fit beside the other."""
        names = names_needing(self.config.metrics.names, "weights")
        if not names:
            return {}
        size = sum(value.numel() * value.element_size() for value in base.model.parameters())
        free = psutil.virtual_memory().available
        if size > free:
            given = (
                f"{names[0]}, with {size / 2**30:.1f} GiB of weights a model and {free / 2**30:.1f} GiB free"
            )
            refuse(
                "metrics.names", given, "metrics that need no weights, or a machine that holds both models"
            )
        blocks = tuple(f"{block}." for block in base.blocks)
        return {
            name: value.detach().cpu()
            for name, value in base.model.named_parameters()
            if name.startswith(blocks)
        }

    def _refuse(self, difference: str, names: list[str]) -> None:
        """ModelError if a metric is asked for that makes no sense for two models with this difference."""
        if names:
            pair = f"base={self.config.base}, tuned={self.config.tuned}"
            raise ModelError(f"metric {names[0]}: {pair} have {difference}; it needs models alike in this")


def _refuse_untrained(names: list[str]) -> None:
    """A pair was trained elsewhere: its training rows and steps are not to be had."""
    for name in names_needing(names, "gradients", "objectives"):
        refuse("metrics.names", name, "for a pair, metrics that need no gradients on training rows")
