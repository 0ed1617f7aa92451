"""Random weights of a real shape on a device, in the dtype of the preset: speed needs no trained ones."""

from dataclasses import replace

import torch

from src.command.compose import run_config
from src.config.schema import RunConfig
from src.method.adapted import AdaptedModel
from src.method.band import resolve_band
from src.method.catalog import adapt
from src.model.byte_tokenizer import byte_tokenizer
from src.plan.skeleton import skeleton


def random_adapted(config: RunConfig, device: torch.device) -> AdaptedModel:
    """The model of a configuration, adapted by its method; nothing is read or fetched."""
    loaded = replace(skeleton(config.model, device.type), tokenizer=byte_tokenizer())
    loaded.model.config.use_cache = False
    loaded.model.requires_grad_(False)
    blocks = resolve_band(config.band, loaded.num_blocks, config.seed)
    with torch.device(device):
        return adapt(loaded, config.method, blocks, config.seed, config.model.lora_targets)


def shape_config(model: str, method: str, *more: str) -> RunConfig:
    """A run of a preset in bfloat16 that records nothing."""
    return run_config(f"model={model}", f"method={method}", "record=none", "train.precision=bfloat16", *more)
