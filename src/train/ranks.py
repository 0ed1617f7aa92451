"""The processes that share one training: who they are, and how they start.

Rank 0 is the run: it composes the configuration, holds the folder, writes, and gives orders. The others hold
a model beside it and do what it tells them: train their shard, measure their share of the rows. Ranks come
from torchrun or from SLURM's srun; where nobody started them, rank 0 starts the others with the first order.
"""

import logging
import multiprocessing
import os
import signal
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

import torch

from src.config.rules import refuse
from src.config.schema import RunConfig
from src.runtime.launched import launched
from src.runtime.preemption import listening
from src.train.collectives import broadcast
from src.train.process_group import WAIT, is_parted, process_group

Follow = Callable[["Ranks"], None]

_LOG = logging.getLogger(__name__)
_DISMISSED = "dismissed"
_PATIENCE = 60.0  # seconds that the others get to end after the last order


class Turn(NamedTuple):
    """What the others have to know of a run: nobody else composes or resolves anything."""

    config: RunConfig
    folder: Path


class Order(NamedTuple):
    """A function of a module and what it is called with, beside what a rank holds of the run."""

    function: Callable[..., Any]
    arguments: tuple[Any, ...]


class Ranks:
    """Ranks of one run. `with Ranks(count) as ranks`: whoever waits for this run is let go at the end.

    Raises:
        ConfigError: other processes were started than the `count` (train.num_processes) of the run.
    """

    def __init__(self, count: int) -> None:
        self.count = count
        self.rank, self._started = launched()
        if self._started not in (1, count):
            refuse("train.num_processes", count, f"{self._started}, the processes that were started")
        _adopt_slurm()
        self.dismissed = False
        self._place = "env://"
        self._joined = self._busy = False
        self._own: Sequence[multiprocessing.process.BaseProcess] = ()
        self._open = ExitStack()

    def __enter__(self) -> "Ranks":
        if self.rank == 0 and self._started < self.count:  # then all of them share the cores of this machine
            threads = torch.get_num_threads()
            self._open.callback(torch.set_num_threads, threads)
            torch.set_num_threads(max(1, threads // self.count))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.rank > 0:
            return
        if self._busy:  # an error in the middle of what all do together
            self._open.__exit__(kind, error, trace)
        elif self._joined:
            broadcast(None)
        elif kind is None and self._started > 1:
            with self._group():
                broadcast(None)
        self._open.close()

    def begin(self, config: RunConfig, follow: Follow, folder: Path) -> None:
        """For rank 0: the others are there from now on, until the block of these ranks ends.

        Args:
            config: of the run; the others hear of it and of the folder here.
            follow: what the ranks do that are started here.
            folder: the run's.
        """
        if self._joined or self.count == 1:
            return
        if self._started == 1:
            self._open.enter_context(self._others(follow))
        self._open.enter_context(self._group())
        broadcast(Turn(config, folder))

    @contextmanager
    def together(self, function: Callable[..., Any], *arguments: Any) -> Iterator[None]:
        """For rank 0: inside, the others do what an order says, and this rank does its own part of it."""
        self._busy = True
        broadcast(Order(function, arguments))
        yield
        self._busy = False  # not after an error: the others may be anywhere

    @contextmanager
    def following(self) -> Iterator[Turn | None]:
        """For ranks above 0: wait for rank 0; None where there is nothing to do. Sets `dismissed`."""
        with self._group():
            told = broadcast(None)
            self.dismissed = told == _DISMISSED
            yield told if isinstance(told, Turn) else None

    def orders(self) -> Iterator[Order]:
        """For ranks above 0, in a turn: what rank 0 tells them to do, until there is nothing more."""
        while isinstance(order := broadcast(None), Order):
            yield order

    def ask_to_stop(self) -> None:
        """For rank 0: those that it started look at it as this one does; others get the signal, too."""
        for other in self._own:
            other.terminate()  # it listens

    def dismiss(self) -> None:
        """For rank 0: let go those that were started with it; where an error parted them they do not wait."""
        if is_parted():
            return
        try:
            with self._group(timedelta(seconds=_PATIENCE)):
                broadcast(_DISMISSED)
        except RuntimeError as error:
            _LOG.warning("the other processes did not hear that this one ends (%s)", error)

    @contextmanager
    def _others(self, follow: Follow) -> Iterator[None]:
        """Start ranks 1 and up on this machine; they end with the block."""
        context, threads = multiprocessing.get_context("spawn"), torch.get_num_threads()
        with tempfile.TemporaryDirectory(prefix="strata-ranks-") as folder:
            self._place = f"file://{Path(folder) / 'store'}"
            others = [
                context.Process(
                    target=_other, args=(follow, self.count, rank, self._place, threads), daemon=True
                )
                for rank in range(1, self.count)
            ]
            for other in others:
                other.start()
            self._own = others
            try:
                yield
                for other in others:
                    other.join(_PATIENCE)
            finally:
                for other in others:
                    other.kill()
                    other.join()

    @contextmanager
    def _group(self, timeout: timedelta = WAIT) -> Iterator[None]:
        with process_group(self.rank, self.count, self._place, together=self._started > 1, timeout=timeout):
            self._joined = True
            yield


def _other(follow: Follow, count: int, rank: int, place: str, threads: int) -> None:
    """A rank that rank 0 started."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # rank 0 is asked, and asks this one
    torch.set_num_threads(threads)
    ranks = Ranks(count)
    ranks.rank, ranks._place = rank, place
    with listening():
        follow(ranks)


def _adopt_slurm() -> None:
    """Give torch the rank and the address, where SLURM has started one process a rank."""
    if "RANK" in os.environ or launched().world_size == 1:
        return
    from submitit.helpers import TorchDistributedEnvironment

    os.environ.setdefault("SUBMITIT_EXECUTOR", "slurm")  # so it reads the environment of srun's own processes
    TorchDistributedEnvironment().export(set_cuda_visible_devices=False)


@contextmanager
def leading() -> Iterator[None]:
    """For rank 0: the others are let go when the block ends, whether or not there was anything to do."""
    try:
        yield
    finally:
        if (count := launched().world_size) > 1:
            Ranks(count).dismiss()
