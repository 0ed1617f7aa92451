"""torch's own fully_shard, block by block: each rank keeps a part of every weight, gradient and moment."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import torch
import torch.distributed as dist
from torch import nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import FSDPModule, fully_shard

from src.runtime.dtensor import whole
from src.storage.files import written_folder
from src.train.collectives import barrier, broadcast, is_first, num_ranks


def shard(model: nn.Module, blocks: Sequence[nn.Module], device: torch.device) -> None:
    """Spread a model over all ranks, in place. A block's weights are whole only while it computes.

    Args:
        model: what is called in training; embeddings, last norm and head are its own group.
        blocks: the blocks inside it.
        device: where the shards go.
    """
    mesh = init_device_mesh(device.type, (dist.get_world_size(),))
    for block in blocks:
        fully_shard(block, mesh=mesh)
    fully_shard(model, mesh=mesh)


@contextmanager
def whole_block(block: nn.Module) -> Iterator[None]:
    """Inside, the weights of a block are whole on every rank; all must ask for it together."""
    if not isinstance(block, FSDPModule):
        yield
        return
    block.unshard()
    try:
        yield
    finally:
        block.reshard()


def gathered(model: nn.Module) -> dict[str, torch.Tensor]:
    """The trained weights, whole and on the CPU, on rank 0; empty on the others. One tensor at a time."""
    found = {}
    for name, value in model.named_parameters():
        if value.requires_grad:
            full = whole(value)
            if is_first():
                found[name] = full.cpu()
    return found


@contextmanager
def shared_folder(path: Path) -> Iterator[Path]:
    """`written_folder` on rank 0, into which all ranks write; it has its name when they leave the block."""
    if num_ranks() == 1:
        with written_folder(path) as aside:
            yield aside
    elif is_first():
        with written_folder(path) as aside:
            broadcast(str(aside))
            yield aside
        barrier()
    else:
        yield Path(broadcast(None))
        barrier()
