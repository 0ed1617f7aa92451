"""A run that was asked to stop is put back into SLURM's queue, once; on other machines nothing happens.

A preemption, a time limit and `scancel` all send SIGTERM. Only the state of the job tells them apart, and
what a person has cancelled stays so.
"""

import logging
import os
import subprocess
import threading
import time
from types import TracebackType
from typing import Self

from src.runtime import preemption
from src.runtime.preemption import Preempted, is_first
from src.storage.owner import slurm_job

_TRIES = 5  # a controller that fails over, or is busy with the very preemption that stops this job
_PAUSE = 2.0  # seconds between them
_TIMEOUT = 20  # seconds that the controller may take to answer
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
        self._one_at_a_time = threading.Lock()  # whoever comes second waits for what the first achieves
        self._settled = False
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
        """Ask SLURM to start this job again, from one of its processes and until it has agreed once."""
        job = slurm_job()  # ARRAY_TASK: the bare number of an array's first element means the whole array
        if job is None or not is_first():
            return
        with self._one_at_a_time:
            for number in range(_TRIES):
                if number:
                    time.sleep(_PAUSE)
                self._settled = self._settled or self._try(job)
                if self._settled:
                    return
            _LOG.warning("job %s: SLURM was asked %d times and did not put it back", job, _TRIES)

    def _try(self, job: str) -> bool:
        """Whether the matter is settled: the job goes back, or is not to."""
        restarts = int(os.environ.get("SLURM_RESTART_COUNT", "0") or 0)
        if restarts >= self._max_restarts:
            _LOG.warning("started again %d times already (max_num_timeout): not put back", restarts)
            return True
        shown = _scontrol("show", "job", "-o", job)
        if shown is None or "JobState=" not in shown:
            return False  # it may have been cancelled: unknown
        if _cancelled(shown):
            _LOG.info("job %s was cancelled: not put back", job)
            return True
        if _scontrol("requeue", job) is None:  # as when SLURM has already put it back itself
            return False
        _LOG.info("put back into the queue: job %s", job)
        return True

    def _watch(self) -> None:
        while not preemption.stop_requested():
            if self._ended.wait(1.0):
                return
        if not self._ended.wait(self._patience):
            _LOG.warning(
                "asked to stop %.0f s ago and in the middle of a stage: put back as it is", self._patience
            )
            self.now()


def _scontrol(*arguments: str) -> str | None:
    """What scontrol prints; None, and a warning, where it fails."""
    command = ["scontrol", *arguments]
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT, check=True).stdout
    except subprocess.CalledProcessError as error:
        reason = error.stderr.strip() or f"status {error.returncode}"
    except (OSError, subprocess.TimeoutExpired) as error:
        reason = str(error)
    _LOG.warning("%s: %s", " ".join(command), reason)
    return None


def _cancelled(job: str) -> bool:
    """Whether a person has ended a job, by what scontrol shows of it.

    A preempted job is RUNNING while its grace lasts. One that was cancelled is COMPLETING when its processes
    get SIGTERM, and CANCELLED only after they have ended; so is one beyond its limit, whose reason says so.
    """
    ending = "JobState=CANCELLED" in job or "JobState=COMPLETING" in job
    return ending and "Reason=TimeLimit" not in job
