"""The group in which the ranks of a run talk: how they find each other, and what stays of it in a process."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import ClassVar

import torch
import torch.distributed as dist

WAIT = timedelta(days=7)  # others wait while rank 0 works alone; a rank that dies is seen at once


class _Process:
    """What this process keeps between its groups."""

    parted: ClassVar[bool] = False
    """Whether an error came while ranks were joined: those of this process wait for nothing any more."""
    store: ClassVar[dist.Store | None] = None
    """Of processes that were started together: they meet once a run, and once more to part."""
    joins: ClassVar[int] = 0


def is_parted() -> bool:
    """Whether an error came in a group of this process; the others may be anywhere."""
    return _Process.parted


@contextmanager
def process_group(
    rank: int, count: int, place: str, *, together: bool, timeout: timedelta = WAIT
) -> Iterator[None]:
    """Inside, this process is a rank of a group; over gloo for CPU tensors and nccl for those of a GPU.

    Args:
        rank: of this process, from 0.
        count: of all ranks; it waits until they are there.
        place: where they find each other, as `torch.distributed.rendezvous` reads it.
        together: whether the processes were started together, and so meet there more than once.
        timeout: how long one waits for what another has to send.
    """
    cuda = torch.cuda.is_available()
    if cuda:
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", rank)) % torch.cuda.device_count())
    dist.init_process_group(
        "cpu:gloo,cuda:nccl" if cuda else "gloo",
        store=_new_store(rank, count, place, together),
        rank=rank,
        world_size=count,
        timeout=timeout,
    )
    try:
        yield
    except BaseException:
        _Process.parted = True
        raise
    finally:
        dist.destroy_process_group()


def _new_store(rank: int, count: int, place: str, together: bool) -> dist.Store:
    """Where the ranks of one group find each other: a place that no group before it has written to."""
    found = _Process.store or next(dist.rendezvous(place, rank, count))[0]
    if not together:
        return found  # a file of its own
    _Process.store, _Process.joins = found, _Process.joins + 1
    return dist.PrefixStore(str(_Process.joins), found)
