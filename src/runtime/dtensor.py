"""The same sums on one process and on weights that lie in pieces on many.

A weight that torch has sharded is a DTensor; each rank sums over its own piece, and one collective a step
adds the ranks' sums.
"""

import torch
from torch import Tensor
from torch.distributed.tensor import DTensor, Partial, Replicate, distribute_tensor


def local(tensor: Tensor) -> Tensor:
    """The piece of a tensor that lies on this rank; the tensor itself where it is whole."""
    tensor = tensor.detach()
    return tensor.to_local() if isinstance(tensor, DTensor) else tensor


def whole(tensor: Tensor) -> Tensor:
    """The whole tensor, gathered from all ranks where it is in pieces; all must ask for it together."""
    tensor = tensor.detach()
    return tensor.full_tensor() if isinstance(tensor, DTensor) else tensor


def piece(tensor: Tensor, like: Tensor) -> Tensor:
    """Of a whole tensor what lies on this rank where `like` is in pieces, else all of it; no rank waits."""
    if not isinstance(like, DTensor):
        return tensor
    there = tensor.to(like.device)
    return distribute_tensor(there, like.device_mesh, like.placements, src_data_rank=None).to_local()


def everywhere(tensor: Tensor, like: Tensor) -> Tensor:
    """A tensor that every rank holds whole, in the form that operations with `like` need."""
    if not isinstance(like, DTensor):
        return tensor
    mesh = like.device_mesh
    return DTensor.from_local(tensor, mesh, [Replicate()] * mesh.ndim, run_check=False)


def all_reduce_sum(sums: list[Tensor], tensors: list[Tensor]) -> Tensor:
    """Sums over the pieces on this rank, one of each tensor, as sums over the whole tensors.

    Args:
        sums: 0-dimensional.
        tensors: what was summed over.
    """
    total = torch.stack(sums).double()
    pieces = [isinstance(tensor, DTensor) for tensor in tensors]
    if any(pieces):
        like = next(tensor for tensor in tensors if isinstance(tensor, DTensor))
        placements = [Partial() if one.is_shard() else Replicate() for one in like.placements]
        shared = DTensor.from_local(total, like.device_mesh, placements, run_check=False).full_tensor()
        total = torch.where(torch.tensor(pieces, device=total.device), shared, total)
    return total.cpu()
