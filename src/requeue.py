"""A run that was asked to stop is put back into SLURM's queue, once; on other machines nothing happens.

A preemption, a time limit and `scancel` all send SIGTERM. Only the state of the job tells them apart, and
what a person has cancelled stays so.
"""

import logging
import os
import subprocess
import threading
from types import TracebackType
from typing import Self

from src import preemption
from src.preemption import Preempted
from src.record.owner import slurm_job

_LOG = logging.getLogger(__name__)


class Requeue:
    """`with Requeue(...):` a run that is asked to stop inside goes back into the queue of SLURM.

    A run stops between two steps or two batches. Where that takes too long, the job is put back when most of
    the time is over that SLURM leaves after its signal: complete stages are not done again.

    Args:
        signal_delay_s: how long before the end SLURM sends its signal.
        max_restarts: how often one job may start again.
    """

    def __init__(self, signal_delay_s: int, max_restarts: int) -> None:
        self._patience = 0.7 * signal_delay_s
        self._max_restarts = max_restarts
        self._once = threading.Lock()
        self._ended = threading.Event()

    def __enter__(self) -> Self:
        if slurm_job() is not None:
            threading.Thread(target=self._watch, name="requeue", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        if kind is Preempted:
            self.now()

    def now(self) -> None:
        """Ask SLURM to start this job again, from one of its processes and only once."""
        job = slurm_job()  # ARRAY_TASK: the bare number of an array's first element means the whole array
        if (
            job is None
            or os.environ.get("SLURM_PROCID", "0") != "0"
            or not self._once.acquire(blocking=False)
        ):
            return
        restarts = int(os.environ.get("SLURM_RESTART_COUNT", "0") or 0)
        if restarts >= self._max_restarts:
            _LOG.warning("started again %d times already (max_num_timeout): not put back", restarts)
            return
        if _cancelled(_scontrol("show", "job", "-o", job).stdout):
            _LOG.info("job %s was cancelled: not put back", job)
            return
        done = _scontrol("requeue", job)
        if done.returncode == 0:
            _LOG.info("put back into the queue: job %s", job)
        else:  # as when SLURM has already put it back itself
            _LOG.warning("scontrol requeue %s: %s", job, done.stderr.strip())

    def _watch(self) -> None:
        while not preemption.asked():
            if self._ended.wait(1.0):
                return
        if not self._ended.wait(self._patience):
            _LOG.warning(
                "asked to stop %.0f s ago and in the middle of a stage: put back as it is", self._patience
            )
            self.now()


def _scontrol(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(["scontrol", *arguments], capture_output=True, text=True, timeout=60)


def _cancelled(job: str) -> bool:
    """Whether a person has ended a job, by what scontrol shows of it.

    A preempted job is RUNNING while its grace lasts. One that was cancelled is COMPLETING when its processes
    get SIGTERM, and CANCELLED only after they have ended; so is one beyond its limit, whose reason says so.
    """
    ending = "JobState=CANCELLED" in job or "JobState=COMPLETING" in job
    return ending and "Reason=TimeLimit" not in job
