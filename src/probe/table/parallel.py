"""Independent pieces of linear algebra, side by side: a small matrix gains nothing from several threads."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from typing import TypeVar

import torch

Item = TypeVar("Item")
Result = TypeVar("Result")


def parallel_map(function: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
    """`function` of every item, in their order, on as many threads as torch would use for one of them.

    Each call computes on a single thread, so a result does not depend on how many there are. torch leaves
    the interpreter free while it computes; scipy does not.
    """
    num_threads = torch.get_num_threads()
    with _single_threaded(num_threads):
        if num_threads == 1 or len(items) < 2:
            return [function(item) for item in items]
        return list(_pool(num_threads).map(function, items))


@cache
def _pool(num_threads: int) -> ThreadPoolExecutor:
    """Threads that stay: they are asked for at every layer of every forward pass."""
    return ThreadPoolExecutor(num_threads, "side", initializer=torch.set_num_threads, initargs=(1,))


@contextmanager
def _single_threaded(num_threads: int) -> Iterator[None]:
    """One thread for torch's kernels inside."""
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(num_threads)
