"""The tuned weights as files, and the base model behind them."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn

from src.errors import CheckpointError
from src.method.adapted import AdaptedModel
from src.method.catalog import method_of
from src.method.method import Method
from src.runtime.dtensor import local, piece
from src.storage.files import write_json, written_folder
from src.storage.manifest import damage, write_manifest

FULL_WEIGHTS = "tuned_parameters.safetensors"  # only what training changed


@contextmanager
def base_weights(adapted: AdaptedModel) -> Iterator[None]:
    """Inside the block, the model behaves as before training, without a second copy of its weights."""
    with swapped_weights(adapted.model, adapted.originals), method_of(adapted).as_base(adapted):
        yield


@contextmanager
def swapped_weights(model: nn.Module, others: dict[str, torch.Tensor]) -> Iterator[None]:
    """Inside the block, the parameters named in `others` have the values there, which hold theirs."""
    _swap(model, others)
    try:
        yield
    finally:
        _swap(model, others)


def save_tuned(
    adapted: AdaptedModel, folder: Path, weights: Mapping[str, torch.Tensor] | None = None
) -> None:
    """Write the tuned weights into `folder`, whole or not at all, as safetensors.

    Args:
        adapted: the model.
        folder: a new one.
        weights: the trained parameters by name, where those of the model lie in pieces.
    """
    weights = weights or adapted.trainable
    with written_folder(folder) as aside:
        stored = method_of(adapted).save(adapted, aside, weights)
        whole = {name: value for name, value in weights.items() if name not in stored}
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
    stored = stored_tensors(method_of(adapted), folder)
    if stored.keys() != adapted.trainable.keys():
        raise CheckpointError(f"{folder}: holds other tensors than this run trains; remove it")
    set_tuned(adapted, stored)


def stored_tensors(method: Method, folder: Path) -> dict[str, torch.Tensor]:
    """What `save_tuned` wrote, by the names of the trained parameters; CheckpointError if it is damaged."""
    if (found := damage(folder)) is not None:
        raise CheckpointError(f"{folder}: {found}; remove the run's folder to train it again")
    whole = folder / FULL_WEIGHTS
    try:
        return method.load(folder) | (load_file(whole) if whole.is_file() else {})
    except (OSError, SafetensorError) as error:
        reason = str(error).splitlines()[0]
        raise CheckpointError(
            f"{folder}: damaged ({reason}); remove it to go on from the checkpoint"
        ) from error


def set_tuned(adapted: AdaptedModel, values: dict[str, torch.Tensor]) -> None:
    """Give the trainable parameters the values of their names."""
    with torch.no_grad():
        for name, value in adapted.trainable.items():
            local(value).copy_(piece(values[name], value))


def _swap(model: nn.Module, others: dict[str, torch.Tensor]) -> None:
    """Exchange tensors in place: pointers move, nothing is copied but what lies on another device."""
    for name, value in model.named_parameters():
        if name in others:
            value.data, others[name] = others[name].to(value.device), value.data
