"""The only place that sets seeds.

Every random choice belongs to a named stream derived from the run's seed. A stream does not depend on
what other stages drew before it, so an evaluation in the middle of training changes nothing after it,
and a resumed step draws what it would have drawn.
"""

import hashlib
import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy
import torch


def derive(seed: int, *names: str | int) -> int:
    """A 63-bit seed for the stream called `names`; the same on every machine and Python."""
    text = "/".join(str(part) for part in (seed, *names))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def generator(seed: int, *names: str | int) -> torch.Generator:
    """A CPU generator of the stream called `names`."""
    return torch.Generator().manual_seed(derive(seed, *names))


def permutation(length: int, seed: int, *names: str | int) -> list[int]:
    """A random order of `range(length)` from the stream called `names`."""
    return torch.randperm(length, generator=generator(seed, *names)).tolist()


def set_global(seed: int, *names: str | int) -> None:
    """Seed the global generators that libraries draw from (dropout, initialisation)."""
    value = derive(seed, *names)
    random.seed(value)
    numpy.random.seed(value % 2**32)
    torch.manual_seed(value)


@contextmanager
def isolated(seed: int, *names: str | int) -> Iterator[None]:
    """Run a block on its own stream and leave the global generators as they were."""
    devices = list(range(torch.cuda.device_count())) if torch.cuda.is_available() else []
    python_state, numpy_state = random.getstate(), numpy.random.get_state()
    with torch.random.fork_rng(devices=devices):
        set_global(seed, *names)
        try:
            yield
        finally:
            random.setstate(python_state)
            numpy.random.set_state(numpy_state)
