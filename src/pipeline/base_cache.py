"""What is measured on a base model is measured once, whatever is trained on it or compared with it later."""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from src.config.schema import DataConfig, EvaluateConfig, MetricsConfig
from src.data.splits import Splits
from src.metrics.catalog import names_needing, switches
from src.probe.states.layer_statistics import LayerStatistics
from src.probe.table.layer_table import LayerRow
from src.record.provenance import versions
from src.storage.cache import cached_folder, cached_json, code_fingerprint


def base_key(fingerprint: str, dtype: str, device: torch.device, splits: Splits, data: DataConfig) -> dict:
    """All that decides a number of an untrained model: weights, dtype, rows, device, libraries."""
    return {
        "model": fingerprint,
        "dtype": dtype,
        "rows": splits.fingerprint,
        "data": {key: value for key, value in asdict(data).items() if key not in ("path", "test_path")},
        "device": device.type,
        "threads": torch.get_num_threads(),
        "versions": versions(),
    }


def base_scores(key: dict, config: EvaluateConfig, cache: Path, evaluate: Callable[[], Any]) -> Any:
    """Scores and samples of the base model; from the cache where the same was asked before."""
    full_key = key | {
        "evaluate": asdict(config) | {"every_steps": None},
        "code": code_fingerprint("evaluate", "model", "data"),
    }
    return cached_json(cache, "base_scores", full_key, evaluate)


def base_statistics(
    key: dict, config: MetricsConfig, cache: Path, gather: Callable[[Path], LayerStatistics]
) -> LayerStatistics:
    """Layer statistics of the base model; from the cache where the same was asked before."""
    full_key = key | {
        "tokens": [names_needing(config.names, "tokens"), config.num_token_samples, config.batch_size],
        "switches": names_needing(config.names, "tokens") and switches(config),
        "views": names_needing(config.names, "views")
        and [config.num_dropout_views, config.view_dropout, config.view_templates],
        "code": code_fingerprint("probe", "metrics", "model", "data"),
    }
    return LayerStatistics.load(cached_folder(cache, "base_statistics", full_key, gather))


def base_rows(
    key: dict, kind: str, settings: list[Any], cache: Path, make: Callable[[], list[LayerRow]]
) -> list[LayerRow]:
    """Rows of the layer table that a pass of its own over the base model makes; cached like its statistics.

    `settings` is all of the configuration that decides them beside the key, metrics included.
    """
    full_key = key | {
        kind: settings,
        "code": code_fingerprint("probe", "metrics", "model", "data", "objective"),
    }
    found = cached_json(cache, f"base_{kind}", full_key, lambda: [asdict(row) for row in make()])
    return [LayerRow(**row) for row in found]
