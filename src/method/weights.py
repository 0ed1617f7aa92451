"""The tuned weights as files, and the base model behind them."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn

from src.errors import CheckpointError
from src.method.adapt import AdaptedModel
from src.storage.files import write_json, written_folder
from src.storage.manifest import damage, write_manifest

FULL_WEIGHTS = "tuned_parameters.safetensors"  # only what training changed


@contextmanager
def base_weights(adapted: AdaptedModel) -> Iterator[None]:
    """Inside the block, the model behaves as before training, without a second copy of its weights."""
    lora = adapted.method.kind == "lora"
    adapters_off = adapted.model.disable_adapter() if lora else nullcontext()
    with swapped_weights(adapted.model, adapted.originals), adapters_off:
        yield


@contextmanager
def swapped_weights(model: nn.Module, others: dict[str, torch.Tensor]) -> Iterator[None]:
    """Inside the block, the parameters named in `others` have the values there, which hold theirs."""
    _swap(model, others)
    try:
        yield
    finally:
        _swap(model, others)


def save_tuned(adapted: AdaptedModel, folder: Path) -> None:
    """Write the tuned weights into `folder`, whole or not at all, as safetensors."""
    with written_folder(folder) as aside:
        if adapted.method.kind == "lora":
            adapted.model.save_pretrained(aside, safe_serialization=True, save_embedding_layers=False)
            (aside / "README.md").unlink(missing_ok=True)  # a model card with nothing in it
        whole = {name: value for name, value in adapted.trainable.items() if ".lora_" not in name}
        if whole:  # with LoRA: a layer that the objective brought
            save_file(
                {name: value.detach().contiguous() for name, value in whole.items()}, aside / FULL_WEIGHTS
            )
        write_json(
            aside / "base.json",
            {
                "id": adapted.loaded.id,
                "revision": adapted.loaded.revision,
                "fingerprint": adapted.loaded.fingerprint,
            },
        )
        write_manifest(aside)


def load_tuned(adapted: AdaptedModel, folder: Path) -> None:
    """Load weights that `save_tuned` wrote; CheckpointError if they are damaged or do not fit."""
    if (found := damage(folder)) is not None:
        raise CheckpointError(f"{folder}: {found}; remove the run's folder to train it again")
    lora = adapted.method.kind == "lora"
    path = folder / ("adapter_model.safetensors" if lora else FULL_WEIGHTS)
    try:
        stored, whole = load_file(path), folder / FULL_WEIGHTS
        beside = load_file(whole) if lora and whole.is_file() else {}
    except (OSError, SafetensorError) as error:
        reason = str(error).splitlines()[0]
        raise CheckpointError(
            f"{path}: damaged ({reason}); remove {folder} to go on from the checkpoint"
        ) from error
    if lora:  # peft leaves the adapter's name out of the file
        stored = {name.replace(".weight", ".default.weight"): value for name, value in stored.items()}
    stored |= beside
    if stored.keys() != adapted.trainable.keys():
        raise CheckpointError(f"{path}: holds other tensors than this run trains; remove {folder}")
    set_tuned(adapted, stored)


def set_tuned(adapted: AdaptedModel, values: dict[str, torch.Tensor]) -> None:
    """Give the trainable parameters the values of their names."""
    with torch.no_grad():
        for name, value in adapted.trainable.items():
            value.copy_(values[name])


def _swap(model: nn.Module, others: dict[str, torch.Tensor]) -> None:
    """Exchange tensors in place: pointers move, nothing is copied but what lies on another device."""
    for name, value in model.named_parameters():
        if name in others:
            value.data, others[name] = others[name].to(value.device), value.data
