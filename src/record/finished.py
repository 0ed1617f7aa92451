"""A finished run opened again: its configuration, and its model with the weights that it trained."""

from pathlib import Path

import torch
from omegaconf import DictConfig

from src.command.compose import typed
from src.config.renamed import read_config
from src.config.schema import RunConfig
from src.errors import ConfigError
from src.method.adapted import AdaptedModel
from src.method.band import trained_blocks
from src.method.catalog import adapt
from src.method.weights import load_tuned
from src.model.load import load_model
from src.model.quantized import dequantize
from src.record.folder import RunFolder
from src.storage.files import as_written

ADAPTER = "adapter"
"""The folder of the tuned weights inside that of a run."""


def finished_config(folder: Path) -> RunConfig:
    """The configuration of the finished run in `folder`, whatever its version called the keys.

    Raises:
        ConfigError: no finished run is there, or it trained nothing.
    """
    if not RunFolder(folder).finished:
        raise ConfigError(f"{folder}: given a folder without a finished run; accepted: runs/EXPERIMENT/ID")
    with as_written(folder):
        config = typed(DictConfig(read_config(folder / "config.yaml")), RunConfig)
    if not config.method.of_kind.trains:
        raise ConfigError(f"{folder}: given a run that trained nothing; accepted: one with an update")
    return config


def tuned_model(folder: Path, config: RunConfig, device: torch.device) -> AdaptedModel:
    """The model of a finished run as training left it, in eval mode; a quantised base is unpacked.

    Raises:
        CheckpointError: the tuned weights are damaged, or are more than the band (an objective's own head).
        ModelError: the base cannot be loaded.
    """
    loaded = load_model(config.model, Path(config.paths.cache_dir), device)
    dequantize(loaded.model)
    blocks = trained_blocks(config.band, loaded, config.seed)
    adapted = adapt(loaded, config.method, blocks, config.seed, config.model.lora_targets)
    load_tuned(adapted, folder / ADAPTER)
    adapted.model.eval()
    return adapted
