"""checkpoint-N/: weights and optimizer moments after N optimizer steps; complete or absent.

torch.distributed.checkpoint writes them as safetensors, a file a rank, so that another number of ranks can
load what some have left, and nothing that is read can run code. Learning rates, random streams and the order
of rows are functions of the configuration and the step (see src.runtime.seeding) and need no saving.
"""

import re
import shutil
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
import torch.distributed.checkpoint as dcp
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn
from torch.distributed.checkpoint.api import CheckpointException
from torch.distributed.checkpoint.hf_storage import HuggingFaceStorageReader, HuggingFaceStorageWriter
from torch.distributed.checkpoint.state_dict import StateDictOptions, get_state_dict, set_state_dict

from src.errors import CheckpointError
from src.runtime.dtensor import local
from src.storage.files import remove_partial
from src.storage.manifest import damage, write_manifest
from src.train.collectives import barrier, is_first, num_ranks
from src.train.sharding import shared_folder

STATE = "state"
"""The folder of the tensors inside a checkpoint."""
_REMOVE = "to start from an older state, remove"
_OPTIONS = StateDictOptions(ignore_frozen_params=True)


def save_checkpoint(run: Path, step: int, model: nn.Module, optimizer: torch.optim.Optimizer) -> Path:
    """Write checkpoint-`step` into the run's folder, then remove older ones."""
    folder = run / f"checkpoint-{step}"
    with shared_folder(folder) as aside:
        with _one_process():
            writer = HuggingFaceStorageWriter(str(aside / STATE), save_distributed=True)
            dcp.save(_tensors(*_state(model, optimizer)), storage_writer=writer, no_dist=num_ranks() == 1)
        barrier()
        if is_first():
            write_manifest(aside, step=step)
    for older in checkpoints(run) if is_first() else ():
        if older != folder:
            shutil.rmtree(older)
    return folder


def checkpoints(run: Path) -> list[Path]:
    """The run's checkpoint folders, oldest first."""
    found = [path for path in run.glob("checkpoint-*") if re.fullmatch(r"checkpoint-\d+", path.name)]
    return sorted(found, key=_step)


def load_last_checkpoint(run: Path, model: nn.Module, optimizer: torch.optim.Optimizer) -> int:
    """Load the newest checkpoint into model and optimizer; the number of steps done, 0 without a checkpoint.

    Raises:
        CheckpointError: the newest checkpoint lacks a file, a byte of it changed, or it is no safetensors.
    """
    if is_first():
        remove_partial(run)
    barrier()
    found = checkpoints(run)
    if not found:
        return 0
    folder = found[-1]
    _check(folder)
    with _one_process():
        weights, moments = _state(model, optimizer)
        reader = HuggingFaceStorageReader(str(folder / STATE))
        dcp.load(_tensors(weights, moments), storage_reader=reader, no_dist=num_ranks() == 1)
        set_state_dict(
            model,
            optimizer,
            model_state_dict=weights,
            optim_state_dict=moments,
            options=StateDictOptions(ignore_frozen_params=True, strict=False),
        )
    return _step(folder)


def _state(model: nn.Module, optimizer: torch.optim.Optimizer) -> tuple[dict, dict]:
    """Trained weights by name, and the optimizer's state: its moments by name, and its settings."""
    return get_state_dict(model, optimizer, options=_OPTIONS)


def _tensors(weights: dict[str, Tensor], moments: dict[str, Any]) -> dict[str, Tensor]:
    """What a checkpoint holds, under names of its own; the tensors themselves, so that loading fills them.

    A tensor of two names (a head that is tied to the embedding) is there once, under its first.
    """
    found = {f"weight/{name}": value for name, value in weights.items()}
    for name, state in moments["state"].items():
        found |= {f"{moment}/{name}": value for moment, value in state.items()}
    places = {name: (local(value).data_ptr(), value.shape) for name, value in found.items() if value.numel()}
    first = dict(zip(reversed(places.values()), reversed(places), strict=True))
    return {name: value for name, value in found.items() if name not in places or first[places[name]] == name}


@contextmanager
def _one_process() -> Iterator[None]:
    """Torch warns that it saves from a single process, which is what is meant.

    Its error wraps what really happened, one cause a rank, and is no Exception: the first is raised instead.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        except CheckpointException as error:
            cause, _ = next(iter(error.failures.values()))
            raise cause from None


def _check(folder: Path) -> None:
    """CheckpointError that names the first file which is not as it was written, or which is never read."""
    if (found := damage(folder)) is not None:
        raise CheckpointError(f"{folder}: {found}; {_REMOVE} {folder}")
    for path in sorted((folder / STATE).iterdir()):
        if path.suffix != ".safetensors":
            told = "no safetensors, as an earlier version wrote: it could run code and is not read"
            raise CheckpointError(f"{path}: {told}; {_REMOVE} {folder}")
        try:
            with safe_open(path, framework="pt"):
                pass
        except SafetensorError as error:
            raise CheckpointError(f"{path}: no safetensors ({error}); {_REMOVE} {folder}") from error


def _step(folder: Path) -> int:
    return int(folder.name.partition("-")[2])
