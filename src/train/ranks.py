"""The processes that share one training: who they are, and how they start.

Rank 0 is the run: it holds the folder, measures the base model, writes, probes and evaluates. The others wait
for it, train their shard beside it, and end. Ranks come from torchrun or from SLURM's srun; where nobody
started them, rank 0 starts the others when training begins.
"""

import multiprocessing
import os
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import torch
import torch.distributed as dist

from src.config.rules import refuse
from src.config.schema import RunConfig
from src.preemption import listening
from src.train.collectives import from_first

Follow = Callable[[RunConfig, "Ranks"], None]

_WAIT = timedelta(days=7)  # others wait while rank 0 measures the base; a rank that dies is seen at once
_PATIENCE = 60.0  # seconds that the others get to end after rank 0 has trained


class Ranks:
    """Ranks of one run. `with Ranks(config) as ranks`: whoever waits is let go at the end.

    Raises:
        ConfigError: other processes were started than the run asks for.
    """

    def __init__(self, config: RunConfig) -> None:
        self.count = config.train.num_processes
        _adopt_slurm(self.count)
        self._started = int(os.environ.get("WORLD_SIZE", "1"))
        if self._started not in (1, self.count):
            refuse("train.num_processes", self.count, f"{self._started}, the processes that were started")
        self.rank = int(os.environ["RANK"]) if self._started > 1 else 0
        self._store = "env://"
        self._joined = False

    def __enter__(self) -> "Ranks":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: object) -> None:
        if kind is None and self.rank == 0 and self._started > 1 and not self._joined:
            with self._group():
                from_first(None)

    @contextmanager
    def training(self, config: RunConfig, follow: Follow, folder: Path) -> Iterator[None]:
        """Inside, all ranks train; rank 0 alone calls it, and `follow` is what the others do.

        Args:
            config: of the run.
            follow: called with it on the ranks that are started here.
            folder: the run's; the others hear of it.
        """
        if self._started > 1:
            with self._group():
                from_first(str(folder))
                yield
            return
        threads = torch.get_num_threads()
        torch.set_num_threads(max(1, threads // self.count))
        try:
            with self._others(config, follow), self._group():
                from_first(str(folder))
                yield
        finally:
            torch.set_num_threads(threads)

    @contextmanager
    def following(self) -> Iterator[Path | None]:
        """For ranks above 0: wait for rank 0; the run's folder, None where there is nothing to train."""
        with self._group():
            folder = from_first(None)
            yield None if folder is None else Path(folder)

    @contextmanager
    def _others(self, config: RunConfig, follow: Follow) -> Iterator[None]:
        """Start ranks 1 and up on this machine; they end with the block."""
        context = multiprocessing.get_context("spawn")
        with tempfile.TemporaryDirectory(prefix="strata-ranks-") as folder:
            self._store = f"file://{Path(folder) / 'store'}"
            share = torch.get_num_threads()
            others = [
                context.Process(target=_other, args=(config, follow, rank, self._store, share), daemon=True)
                for rank in range(1, self.count)
            ]
            for other in others:
                other.start()
            try:
                yield
                for other in others:
                    other.join(_PATIENCE)
            finally:
                for other in others:
                    other.kill()
                    other.join()

    @contextmanager
    def _group(self) -> Iterator[None]:
        cuda = torch.cuda.is_available()
        if cuda:
            torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", self.rank)) % torch.cuda.device_count())
        dist.init_process_group(
            "cpu:gloo,cuda:nccl" if cuda else "gloo",
            init_method=self._store,
            rank=self.rank,
            world_size=self.count,
            timeout=_WAIT,
        )
        self._joined = True
        try:
            yield
        finally:
            dist.destroy_process_group()


def _other(config: RunConfig, follow: Follow, rank: int, store: str, threads: int) -> None:
    """A rank that rank 0 started."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # rank 0 is asked, and asks this one
    torch.set_num_threads(threads)
    ranks = Ranks(config)
    ranks.rank, ranks._store = rank, store
    with listening():
        follow(config, ranks)


def _adopt_slurm(count: int) -> None:
    """Take rank and address from SLURM, where submitit or `srun` has started one process a rank.

    A batch script knows its job's number of tasks as well, but is no step of srun and alone.
    """
    tasks = int(os.environ.get("SLURM_NTASKS", "1"))
    srun = "SLURM_STEP_ID" in os.environ and "SLURM_PROCID" in os.environ and tasks == count
    if "RANK" in os.environ or tasks < 2 or not (os.environ.get("SUBMITIT_EXECUTOR") or srun):
        return
    from submitit.helpers import TorchDistributedEnvironment

    os.environ.setdefault("SUBMITIT_EXECUTOR", "slurm")  # so it reads the environment of srun's own processes
    TorchDistributedEnvironment().export(set_cuda_visible_devices=False)
