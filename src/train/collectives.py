"""What the ranks of one training tell each other; with a single process nothing is sent."""

from typing import Any

import torch
import torch.distributed as dist


def is_first() -> bool:
    """Whether this process writes."""
    return not dist.is_initialized() or dist.get_rank() == 0


def num_ranks() -> int:
    """Processes that train together now."""
    return dist.get_world_size() if dist.is_initialized() else 1


def rank() -> int:
    """Which of them this process is."""
    return dist.get_rank() if dist.is_initialized() else 0


def share_of(items: list[int]) -> tuple[int, list[int]]:
    """This rank's part of a batch: where it begins, and what it holds; all ranks' parts are equally long."""
    if num_ranks() == 1:
        return 0, items
    size = len(items) // num_ranks()
    begin = dist.get_rank() * size
    return begin, items[begin : begin + size]


def stream() -> list[str | int]:
    """What this rank's random numbers are named by: dropout on several ranks is not that on one."""
    return ["rank", dist.get_rank()] if num_ranks() > 1 else []


def all_reduce_sums(values: list[float]) -> list[float]:
    """Each of the numbers summed over all ranks, the same on each."""
    if num_ranks() == 1:
        return values
    total = torch.tensor(values, dtype=torch.float64)
    dist.all_reduce(total)
    return total.tolist()


def all_reduce_sum(value: float) -> float:
    """The sum of a number over all ranks, the same on each."""
    return all_reduce_sums([value])[0]


def all_reduce_any(flag: bool) -> bool:
    """Whether it holds on some rank."""
    return all_reduce_sum(float(flag)) > 0


def broadcast(value: Any) -> Any:
    """What rank 0 gives, on every rank."""
    if num_ranks() == 1:
        return value
    box = [value]
    dist.broadcast_object_list(box, src=0)
    return box[0]


def gathered_objects(value: Any) -> list[Any]:
    """What every rank gives, in their order, on rank 0; empty on the others."""
    if num_ranks() == 1:
        return [value]
    found = [None] * num_ranks() if is_first() else None
    dist.gather_object(value, found)
    return found or []


def barrier() -> None:
    """Wait until all ranks are here."""
    if num_ranks() > 1:
        broadcast(None)
        all_reduce_sum(0.0)
