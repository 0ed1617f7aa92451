"""Ranks share the batches of an analysis, by files of what is done.

Each has a model of its own, and takes batches as it comes to them (`sharing`); or one model lies in pieces on
all of them, and they go over their batches pass for pass (`in_step`).
"""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, redirect_stdout
from contextvars import ContextVar
from io import StringIO

from src.errors import UserError
from src.runtime.launched import Launched, launched
from src.runtime.preemption import stop_if, stop_if_asked, stop_requested
from src.runtime.progress import Progress

_PAUSE = 0.05
"""Seconds between two looks for what another rank has done."""
_SHARE: ContextVar[Launched | None] = ContextVar("share", default=None)
_AGREE: ContextVar[Callable[[bool], bool] | None] = ContextVar("agree", default=None)


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


@contextmanager
def in_step(among: Launched, any_of: Callable[[bool], bool]) -> Iterator[None]:
    """`sharing` of ranks on which one model lies in pieces, so that all must pass through it together.

    Args:
        among: this rank, and how many there are.
        any_of: whether something holds on any of them; all ask for it together.
    """
    token = _AGREE.set(any_of)
    try:
        with sharing(among):
            yield
    finally:
        _AGREE.reset(token)


def is_in_step() -> bool:
    """Whether all ranks pass through one model together."""
    return _AGREE.get() is not None


def any_rank(flag: bool) -> bool:
    """Whether it holds on any rank that passes together with this one; without others, the flag itself."""
    agree = _AGREE.get()
    return flag if agree is None else agree(flag)


def stop_between_passes() -> None:
    """Preempted where this process is asked to stop; ranks in step stop between two batches, all at once."""
    if not is_in_step():
        stop_if_asked()


def stop_between_batches() -> None:
    """Preempted where any of the ranks in step is asked to stop."""
    stop_if(any_rank(stop_requested()))


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
