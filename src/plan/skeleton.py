"""A model of the real architecture without a byte of weights: every tensor is on torch's meta device."""

from typing import Any, cast

import torch
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoModelForMaskedLM,
    PretrainedConfig,
    PreTrainedTokenizerBase,
)

from src.config.schema import ModelConfig
from src.errors import ModelError
from src.model import hub
from src.model.blocks import find_blocks, num_applications
from src.model.loaded import LoadedModel


def skeleton(config: ModelConfig, device: str = "meta") -> LoadedModel:
    """The model that `config` describes, with shapes and dtypes alone; on another device with random weights.

    Raises:
        ModelError: its sizes stand neither in its file of conf/model nor in a folder.
    """
    head = AutoModelForMaskedLM if config.kind == "encoder" else AutoModelForCausalLM
    with torch.device(device):
        model = head.from_config(_architecture(config), dtype=getattr(torch, config.dtype))
    blocks = find_blocks(model)
    return LoadedModel(
        model=model.eval(),
        tokenizer=cast(PreTrainedTokenizerBase, None),  # an estimate reads no text
        blocks=blocks,
        family=model.config.model_type,
        id=config.resolved_id,
        revision=config.revision,
        fingerprint="",
        num_applications=num_applications(model, blocks),
    )


def _architecture(config: ModelConfig) -> PretrainedConfig:
    if config.sizes is not None:
        sizes: dict[str, Any] = dict(config.sizes)
        known = {"hidden_size": config.width, "num_hidden_layers": config.num_blocks}
        return AutoConfig.for_model(sizes.pop("model_type"), **known, **sizes)
    if config.source == "hub" and hub.is_local(config.resolved_id):
        return AutoConfig.from_pretrained(hub.local_folder(config.resolved_id, config.revision))
    raise ModelError(
        f"model.sizes: {config.name} has none in its file; accepted: a model with sizes "
        "(olmo2_1b, olmo2_7b, olmo2_13b, olmo2_32b, mistral_7b, smollm2_135m) or model=hf with a local folder"
    )
