"""What a job does: runs, from configurations that were resolved when the sweep was launched.

python -m src.sweep.job TASK.json        a job of this machine; on a cluster submitit calls `run_tasks`
"""

import gc
import json
import logging
import os
import sys
import traceback
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from src.config.schema import RunConfig
from src.errors import LockedError, UserError
from src.preemption import Preempted, listening
from src.requeue import Requeue
from src.sweep.outcome import write_outcome


def run_tasks(tasks: list[dict[str, Any]]) -> None:
    """Do runs one after the other; one that fails does not cost the next its turn.

    Exits with 75 at the run that was asked to stop: the job that starts again skips what is done. Otherwise
    with the greatest status of its runs, see `run_task`.
    """
    worst = 0
    for task in tasks:
        try:
            run_task(task)
        except Preempted:
            raise
        except SystemExit as end:
            worst = max(worst, int(end.code or 0))
        except Exception:
            traceback.print_exc()
            worst = max(worst, 1)
        gc.collect()  # a model holds itself in cycles, and the next one wants its memory
    if worst:
        sys.exit(worst)


def run_task(task: dict[str, Any]) -> None:
    """Do one run; nothing is composed here.

    Args:
        task: `config` (a resolved RunConfig as plain data), `folder` (where relative paths start), `outcome`
            (the file that says why a run was refused or stopped), `signal_delay_s` and `max_restarts` of its
            launcher.

    Exits with 75 when the run was asked to stop, after SLURM was asked to start it again; with 2 when a
    person must mend something; with 1 after any other error.
    """
    logging.basicConfig(level=logging.INFO, stream=sys.stdout, format="%(asctime)s %(message)s", force=True)
    os.chdir(task["folder"])
    with listening(), Requeue(task["signal_delay_s"], task["max_restarts"]):
        path = Path(task["outcome"])
        if is_first():
            path.unlink(missing_ok=True)  # an earlier start of this job
        try:
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


def is_first() -> bool:
    """Whether this process is rank 0 of its job."""
    return int(os.environ.get("RANK", os.environ.get("SLURM_PROCID", "0"))) == 0


def _execute(values: dict[str, Any]) -> None:
    from src.run import execute

    execute(OmegaConf.to_object(OmegaConf.merge(OmegaConf.structured(RunConfig), values)))


def _leave(error: Exception) -> None:
    print(f"strata: {' '.join(str(error).split())}", file=sys.stderr, flush=True)
    sys.exit(2)


if __name__ == "__main__":
    run_task(json.loads(Path(sys.argv[1]).read_text()))
