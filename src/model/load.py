"""The one door to a model: package, hub, folder or random weights, by the configuration."""

import logging
import os
from pathlib import Path
from typing import Any

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from src.config.schema import ModelConfig
from src.errors import ModelError
from src.model.blocks import find_blocks, num_applications
from src.model.head_input import read_whole
from src.model.loaded import LoadedModel, residual_width
from src.model.onednn import use_onednn
from src.model.quantized import check_readable, quantize
from src.model.text_pass import check_states

_LOG = logging.getLogger(__name__)


def load_model(config: ModelConfig, cache_dir: Path, device: torch.device) -> LoadedModel:
    """Load the model that `config` describes, in eval mode on `device`.

    Args:
        config: Which model.
        cache_dir: Folder for weights that had to be unpacked; hub models stay in the hub's own cache.
        device: Where the weights go.

    Raises:
        ModelError: in one line, where the model cannot be found, loaded or taken apart, or has another
            number of blocks or width than the configuration says.
    """
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")  # else every worker process warns of a fork
    sources = {"tiny": _tiny, "twin": _twin, "package": _package, "hub": _hub}
    model, tokenizer, revision, fingerprint = sources[config.source](config, cache_dir)
    model.config._name_or_path = model.name_or_path = _title(
        config
    )  # adapters record it; a cache path says little
    _prepare(model, tokenizer, config)
    _attend(model, config)
    blocks = find_blocks(model)
    if config.quantization != "none":
        quantize(model, blocks, config.quantization, device, _title(config))
        fingerprint = f"{fingerprint}-{config.quantization}"
    if config.linear == "onednn":
        use_onednn(model)
    loaded = LoadedModel(
        model=_moved(model, device).eval(),
        tokenizer=tokenizer,
        blocks=blocks,
        family=model.config.model_type,
        id=_title(config),
        revision=revision,
        fingerprint=fingerprint,
        num_applications=num_applications(model, blocks),
    )
    if config.quantization != "none":
        check_readable(loaded.model, blocks, config.quantization, loaded.id)
    _check_shape(loaded, config)
    check_states(loaded.model, loaded.blocks, loaded.id)
    read_whole(loaded.model)
    return loaded


Parts = tuple[PreTrainedModel, PreTrainedTokenizerBase, str | None, str]
"""Model, tokenizer, resolved commit, fingerprint."""


def _tiny(config: ModelConfig, cache_dir: Path) -> Parts:
    from src.model.byte_tokenizer import byte_tokenizer
    from src.model.tiny import ENCODERS, build_tiny, tiny_fingerprint

    model = build_tiny(config.architecture, config.num_blocks, config.width)
    fingerprint = tiny_fingerprint(model)
    return (
        _moved(model, _dtype(config)),
        byte_tokenizer(mask=config.architecture in ENCODERS),
        None,
        fingerprint,
    )


def _twin(config: ModelConfig, cache_dir: Path) -> Parts:
    from src.model.fingerprint import folder_fingerprint
    from src.model.pretrained import load_folder
    from src.model.twin import twin_folder

    folder = twin_folder(config, cache_dir)
    return *load_folder(folder, _dtype(config)), None, folder_fingerprint(folder)


def _package(config: ModelConfig, cache_dir: Path) -> Parts:
    from src.model.fingerprint import folder_fingerprint
    from src.model.package import find_folder, unpacked
    from src.model.pretrained import load_folder

    folder = find_folder(config.resolved_id)
    if folder is not None:
        return *load_folder(folder, _dtype(config)), None, folder_fingerprint(folder)
    folder, digest = unpacked(config.resolved_id, cache_dir)
    return *load_folder(folder, _dtype(config)), None, digest


def _hub(config: ModelConfig, cache_dir: Path) -> Parts:
    from src.model import hub
    from src.model.fingerprint import content_fingerprint
    from src.model.pretrained import load_folder

    model_id = config.resolved_id
    if hub.is_local(model_id):
        folder = hub.local_folder(model_id, config.revision)
        return *load_folder(folder, _dtype(config)), None, content_fingerprint(folder)
    folder = hub.fetch(model_id, config.revision)
    return *load_folder(folder, _dtype(config)), folder.name, f"{model_id}@{folder.name}"


def _prepare(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, config: ModelConfig) -> None:
    """Settle what training and probing rely on."""
    text: Any = model.config.get_text_config()
    for settings in {id(part): part for part in (model.config, text)}.values():
        settings.return_dict = True  # else what a pass returns has no names
        settings.output_attentions = settings.output_hidden_states = False
        if hasattr(settings, "use_cache"):
            settings.use_cache = False  # packed rows would attend to each other through a cache
        if hasattr(settings, "rescale_every"):
            settings.rescale_every = (
                0  # else weights are halved in place in eval mode, doubled back in training
            )
    rules: Any = getattr(getattr(tokenizer, "backend_tokenizer", None), "model", None)
    if dropout := getattr(rules, "dropout", None):
        _LOG.warning("%s: its tokenizer merges at random (dropout %s); not here", _title(config), dropout)
        rules.dropout = None
    if tokenizer.pad_token is None:
        if tokenizer.eos_token is None:
            raise ModelError(
                f"{_title(config)}: its tokenizer has neither a padding nor an end token; one is needed"
            )
        tokenizer.pad_token = tokenizer.eos_token
    for holder in (model.config, getattr(model, "generation_config", None)):
        if holder is not None and getattr(holder, "pad_token_id", None) is None:
            holder.pad_token_id = tokenizer.pad_token_id


def _attend(model: PreTrainedModel, config: ModelConfig) -> None:
    """Compute attention as asked for.

    Raises:
        ModelError: the family or this machine has it not.
    """
    if config.attention is None:
        return
    try:
        model.set_attn_implementation(config.attention)
    except (ImportError, ValueError) as error:
        reason = " ".join(str(error).split())[:200]
        raise ModelError(
            f"model.attention: given {config.attention}, which {_title(config)} cannot have here ({reason}); "
            "accepted: null, or another of eager, sdpa and flash_attention_2"
        ) from error


def _moved(model: Any, to: torch.device | torch.dtype) -> PreTrainedModel:
    """The model itself, in another place or dtype; the decorator on transformers' `to` hides its type."""
    return model.to(to)


def _check_shape(loaded: LoadedModel, config: ModelConfig) -> None:
    """ModelError where the model is not of the announced shape."""
    for key, found in (("num_blocks", loaded.num_layers), ("width", residual_width(loaded.model))):
        announced = getattr(config, key)
        if announced is not None and announced != found:
            raise ModelError(f"model.{key}: given {announced}, but {loaded.id} has {found}")


def _title(config: ModelConfig) -> str:
    return config.name if config.source in ("tiny", "twin") else config.resolved_id


def _dtype(config: ModelConfig) -> torch.dtype:
    return getattr(torch, config.dtype)
