"""What is measured on a base model is measured once, whatever is trained on it or compared with it later."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

import torch

from src.config.data import PATHS
from src.config.schema import DataConfig, EvaluateConfig, MetricsConfig, ProbeConfig
from src.config.selection import SelectionSettings
from src.data.splits import Splits
from src.metrics.catalog import names_needing, switches
from src.probe.states.layer_statistics import LayerStatistics
from src.probe.table.layer_table import LayerRow
from src.record.provenance import versions
from src.storage.cache import cached_folder, cached_json, deciding_code

_TRAINING = ("control", "train", "twin")
"""Rooms that act on weights in training alone; a twin's weights are known by their own fingerprint."""

_NO_NUMBER = {*PATHS, *(one.name for one in fields(SelectionSettings))}
"""Keys of data that decide nothing of a base: rows are known by content, and it trains on none."""


@dataclass(frozen=True)
class BaseCache:
    """The measurements of one untrained model on one set of rows."""

    folder: Path
    """Of the whole cache."""
    key: dict[str, Any]
    """All that decides a number of the model, whatever is measured: JSON-like."""

    def beside(self, **more: Any) -> "BaseCache":
        """The measurements of the same model where something `more` decides them, such as other rows."""
        return replace(self, key=self.key | more)

    def scores(self, config: EvaluateConfig, evaluate: Callable[[], Any]) -> Any:
        """Scores and samples; `evaluate` is asked where the same was never asked before."""
        key = self.key | {"evaluate": asdict(config) | {"every_steps": None}}
        return cached_json(self.folder, "base_scores", key, evaluate)

    def statistics(
        self, config: MetricsConfig, settings: ProbeConfig, gather: Callable[[Path], LayerStatistics]
    ) -> LayerStatistics:
        """Layer statistics; `gather` writes them into a folder where the same was never asked before."""
        views: list[Any] = [config.num_dropout_views, config.view_dropout, config.view_templates]
        key: dict[str, Any] = self.key | {
            "tokens": [names_needing(config.names, "tokens"), config.num_token_samples, config.batch_size],
            "switches": names_needing(config.names, "tokens") and switches(config),
            "sets": [settings.token_sets, "no_massive" in settings.token_sets and settings.massive_ratio],
            "views": views if names_needing(config.names, "views") else [],
        }
        return LayerStatistics.load(cached_folder(self.folder, "base_statistics", key, gather))

    def rows(self, kind: str, settings: list[Any], make: Callable[[], list[LayerRow]]) -> list[LayerRow]:
        """Rows of the layer table that a pass of its own over the model makes.

        `settings` is all of the configuration that decides them beside the key, metrics included.
        """
        key = self.key | {kind: settings}
        found = cached_json(self.folder, f"base_{kind}", key, lambda: [asdict(row) for row in make()])
        return [LayerRow(**row) for row in found]


def base_cache(
    folder: Path, fingerprint: str, dtype: str, device: torch.device, splits: Splits, data: DataConfig
) -> BaseCache:
    """The cache of a model that is known by its fingerprint, held in `dtype`, and reads these rows.

    Its key holds the code of every room but those that cannot decide a number: `storage.cache.NO_NUMBER`,
    and the rooms of training.
    """
    key = {
        "model": fingerprint,
        "dtype": dtype,
        "rows": splits.fingerprint,
        "data": {key: value for key, value in asdict(data).items() if key not in _NO_NUMBER},
        "device": device.type,
        "threads": torch.get_num_threads(),
        "versions": versions(),
        "code": deciding_code(*_TRAINING),
    }
    return BaseCache(folder, key)
