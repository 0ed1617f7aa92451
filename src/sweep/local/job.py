"""What a job does: runs, from configurations that were resolved when the sweep was launched.

python -m src.sweep.local.job TASK.json ...    a job of this machine, or of a script submitted by hand; on a
                                               cluster submitit calls `run_tasks`
"""

import gc
import json
import logging
import os
import socket
import sys
import traceback
from pathlib import Path
from typing import Any

from src.config.convert import as_section
from src.config.schema import RunConfig
from src.errors import LockedError, StorageError, UserError
from src.runtime.preemption import Preempted, is_first, listening, stop_if_asked
from src.runtime.requeue import Requeue
from src.sweep.local.outcome import read_outcome, write_outcome

_LOG = logging.getLogger(__name__)


def run_tasks(tasks: list[dict[str, Any]]) -> None:
    """Do runs one after the other; one that fails does not cost the next its turn.

    Exits with 75 when the job was asked to stop, after SLURM was asked to start it again: it then skips what
    is done and what has failed. Otherwise with the greatest status of its runs: 2 when a person must mend
    something, 1 after any other error.
    """
    logging.basicConfig(level=logging.INFO, stream=sys.stdout, format="%(asctime)s %(message)s", force=True)
    worst = 0
    with listening(), Requeue(tasks[0]["signal_delay_s"], tasks[0]["max_restarts"]):
        for task in tasks:
            worst = max(worst, _status(task))
            gc.collect()  # a model holds itself in cycles, and the next one wants its memory
    if worst:
        sys.exit(worst)


def _status(task: dict[str, Any]) -> int:
    """Do one run unless it has failed in an earlier start of this job; the status that it would exit with."""
    try:
        if _failed_before(task):
            _LOG.info("failed before this job was started again: %s", task["outcome"])
            return 1
        run_task(task)
    except Preempted:
        raise
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return end.code or 0
        print(end.code, file=sys.stderr, flush=True)
        return 1
    except Exception:
        traceback.print_exc()
        return 1
    return 0


def run_task(task: dict[str, Any]) -> None:
    """Do one run; nothing is composed here.

    Args:
        task: `config` (a resolved RunConfig as plain data), `folder` (where relative paths start), `outcome`
            (the file that says why a run was refused or stopped), `signal_delay_s` and `max_restarts` of its
            launcher.
    """
    path = Path(task["outcome"])
    if is_first():
        path.unlink(missing_ok=True)  # an earlier start of this job
    try:
        if is_first():  # the other ranks wait for it to agree
            stop_if_asked()
        _enter(task["folder"])
        _execute(task["config"])
    except Preempted:
        if is_first():  # it may be too early for the run's folder to say so
            write_outcome(path, "preempted", "stopped")
        raise
    except LockedError as error:
        _leave(error)  # the job that works there says how it ends
    except Exception as error:
        if is_first():
            line = str(error) if isinstance(error, UserError) else f"{type(error).__name__}: {error}"
            write_outcome(path, "failed", line.splitlines()[0])
        if isinstance(error, UserError):
            _leave(error)
        raise


def _failed_before(task: dict[str, Any]) -> bool:
    if int(os.environ.get("SLURM_RESTART_COUNT", "0") or 0) == 0:
        return False
    try:
        told = read_outcome(Path(task["outcome"]))
    except StorageError:
        return False
    return told is not None and told.state == "failed"


def _enter(folder: str) -> None:
    try:
        os.chdir(folder)
    except OSError as error:
        raise StorageError(
            f"{folder}: cannot be entered on {socket.gethostname()} ({error.strerror}); accepted: to launch "
            "from a folder that the nodes see"
        ) from error


def _execute(values: dict[str, Any]) -> None:
    from src.pipeline.execute import execute

    execute(as_section(RunConfig, values))


def _leave(error: Exception) -> None:
    print(f"strata: {' '.join(str(error).split())}", file=sys.stderr, flush=True)
    sys.exit(2)


if __name__ == "__main__":
    run_tasks([json.loads(Path(path).read_text()) for path in sys.argv[1:]])
