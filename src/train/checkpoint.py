"""checkpoint-N/: weights and optimizer state after N optimizer steps; complete or absent.

torch.distributed.checkpoint holds the tensors, so the state of one number of ranks loads on another. Random
streams and the order of rows are functions of the step (see src.runtime.seeding) and need no saving.
"""

import re
import shutil
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
import torch.distributed.checkpoint as dcp
from torch import nn
from torch.distributed.checkpoint.api import CheckpointException
from torch.distributed.checkpoint.state_dict import StateDictOptions, get_state_dict, set_state_dict

from src.errors import CheckpointError
from src.storage.files import remove_partial
from src.storage.manifest import damage, write_manifest
from src.train.collectives import barrier, is_first, num_ranks
from src.train.sharding import shared_folder

_OPTIONS = StateDictOptions(ignore_frozen_params=True)


def save_checkpoint(run: Path, step: int, model: nn.Module, optimizer: torch.optim.Optimizer) -> Path:
    """Write checkpoint-`step` into the run's folder, then remove older ones."""
    folder = run / f"checkpoint-{step}"
    with shared_folder(folder) as aside:
        with _one_process():
            alone = num_ranks() == 1
            dcp.save(_state(model, optimizer), checkpoint_id=aside / "state", no_dist=alone)
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
        CheckpointError: the newest checkpoint lacks a file or a byte of it changed.
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
        state = _state(model, optimizer)
        dcp.load(state, checkpoint_id=folder / "state", no_dist=num_ranks() == 1)
        set_state_dict(
            model,
            optimizer,
            model_state_dict=state["model"],
            optim_state_dict=state["optimizer"],
            options=StateDictOptions(ignore_frozen_params=True, strict=False),
        )
    return _step(folder)


def _state(model: nn.Module, optimizer: torch.optim.Optimizer) -> dict[str, dict]:
    weights, moments = get_state_dict(model, optimizer, options=_OPTIONS)
    return {"model": weights, "optimizer": moments}


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
    """CheckpointError that names the first file which is not as it was written."""
    if (found := damage(folder)) is not None:
        raise CheckpointError(f"{folder}: {found}; remove {folder} to start from an older state")


def _step(folder: Path) -> int:
    return int(folder.name.partition("-")[2])
