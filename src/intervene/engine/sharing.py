"""Ranks that torchrun or srun has started share the batches of an analysis, by files of what is done."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, redirect_stdout
from contextvars import ContextVar
from io import StringIO

from src.errors import UserError
from src.runtime.launched import Launched, launched
from src.runtime.preemption import stop_if_asked
from src.runtime.progress import Progress

_PAUSE = 0.05
"""Seconds between two looks for what another rank has done."""
_SHARE: ContextVar[Launched | None] = ContextVar("share", default=None)


def share() -> Launched:
    """Which part of the batches this process does; all of them, where nobody shares."""
    return _SHARE.get() or Launched(0, 1)


@contextmanager
def sharing(among: Launched) -> Iterator[None]:
    """Inside, each of some ranks does its part of what `collect` goes over; the first alone says anything.

    Raises:
        SystemExit: with status 2 on all ranks but the first, which alone says what is wrong.
    """
    token, told = _SHARE.set(among), Progress.told
    Progress.told = told and among.rank == 0
    try:
        with redirect_stdout(StringIO()) if among.rank else nullcontext():
            yield
    except UserError as error:
        if among.rank:
            raise SystemExit(2) from error
        raise
    finally:
        Progress.told = told
        _SHARE.reset(token)


def started() -> Launched:
    """The ranks of this command; each has a device of its own where there are several."""
    import torch

    found = launched()
    if found.world_size > 1 and torch.cuda.is_available():
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", found.rank)) % torch.cuda.device_count())
    return found


def wait_until(done: Callable[[], bool]) -> None:
    """For what another rank does; Preempted where this process is asked to stop."""
    while not done():
        stop_if_asked()
        time.sleep(_PAUSE)
