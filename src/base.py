"""What is measured on the base model is measured once, whatever is trained on it later."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from src.cache import cached_file, cached_json, code_fingerprint
from src.config.schema import RunConfig
from src.data.splits import Splits
from src.method.adapt import AdaptedModel
from src.method.weights import base_weights
from src.metrics.catalog import names_needing
from src.probe.passes import probe_pass
from src.probe.statistics import LayerStatistics
from src.record.provenance import versions


def base_scores(
    adapted: AdaptedModel,
    splits: Splits,
    config: RunConfig,
    cache: Path,
    evaluate: Callable[[], dict[str, Any]],
) -> dict[str, Any]:
    """Scores and samples of the base model; from the cache where the same was asked before."""
    key = _key(adapted, splits, config) | {
        "evaluate": asdict(config.evaluate) | {"every_steps": None},
        "code": code_fingerprint("evaluate", "model", "data"),
    }

    def compute() -> dict[str, Any]:
        with base_weights(adapted):
            return evaluate()

    return cached_json(cache, "base_scores", key, compute)


def base_statistics(
    adapted: AdaptedModel,
    splits: Splits,
    config: RunConfig,
    cache: Path,
    batches: Callable[[], Iterable[Mapping[str, Tensor]]],
) -> LayerStatistics | None:
    """Layer statistics of the base model, cached as above; None where no metric needs hidden states."""
    names = names_needing(config.metrics.names, "pooled", "tokens", "pair")
    if not names:
        return None
    tokens = names_needing(config.metrics.names, "tokens")
    key = _key(adapted, splits, config) | {
        "tokens": [tokens, config.metrics.num_token_samples, config.metrics.batch_size],
        "code": code_fingerprint("probe", "metrics", "model", "data"),
    }

    def make(path: Path) -> None:
        with base_weights(adapted):
            found = probe_pass(
                adapted.model, adapted.loaded.blocks, batches(), config.metrics.num_token_samples, names
            )
        found.save(path)

    return LayerStatistics.load(cached_file(cache, "base_statistics", key, ".safetensors", make))


def _key(adapted: AdaptedModel, splits: Splits, config: RunConfig) -> dict[str, Any]:
    """All that decides a number of the base model: weights, dtype, rows, device, libraries."""
    data = {key: value for key, value in asdict(config.data).items() if key not in ("path", "test_path")}
    return {
        "model": adapted.loaded.fingerprint,
        "dtype": config.model.dtype,
        "rows": splits.fingerprint,
        "data": data,
        "device": next(adapted.model.parameters()).device.type,
        "threads": torch.get_num_threads(),
        "versions": versions(),
    }
