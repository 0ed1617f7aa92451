"""Runs become job arrays, one for each shape of resources, through submitit."""

import os
import shlex
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from src.errors import SchedulerError
from src.sweep.cluster.slurm import max_array_size
from src.sweep.grid.launchers import Launcher
from src.sweep.grid.planned_runs import Plan, Planned
from src.sweep.local.job import run_tasks
from src.sweep.local.task import forgotten, make_task

T = TypeVar("T")

# Keys of hydra-submitit-launcher that are none of sbatch: how often a job starts again is ours to count.
_OWN = ("max_num_timeout",)
_COMMON = (  # the names that submitit has for every executor; others belong to SLURM
    "timeout_min", "cpus_per_task", "gpus_per_node", "tasks_per_node", "mem_gb", "nodes", "stderr_to_stdout",
)  # fmt: skip


def submit(plan: Plan, runs: list[Planned], code: Path, per_job: int = 1) -> Iterator[dict[str, str]]:
    """Submit runs; yields the jobs of each array as soon as SLURM has it: key of the run to job.

    Args:
        plan: the sweep.
        runs: those to submit.
        code: the snapshot that jobs run.
        per_job: runs that one job does one after the other.

    Raises:
        SchedulerError: SLURM refuses a job, in its own words.
    """
    size = max_array_size()
    shapes: dict[str, list[Planned]] = {}
    for run in runs:
        shapes.setdefault(run.launcher.shape, []).append(run)
    for same in shapes.values():
        for part in parts(parts(same, per_job), size):
            yield _array(plan, part, code)


def parts(items: Sequence[T], size: int) -> list[Sequence[T]]:
    """As many at a time as `size`, in their order."""
    return [items[start : start + size] for start in range(0, len(items), size)]


def _array(plan: Plan, jobs: Sequence[Sequence[Planned]], code: Path) -> dict[str, str]:
    from submitit import AutoExecutor
    from submitit.core.utils import FailedJobError, FailedSubmissionError
    from submitit.helpers import clean_env

    launcher = jobs[0][0].launcher
    executor = AutoExecutor(folder=plan.folder / "jobs" / "%j", cluster="slurm")
    executor.update_parameters(**_parameters(plan.name, launcher, code))
    cluster = os.environ.get("SLURM_CONF")
    tasks = [[make_task(plan, run) for run in runs] for runs in jobs]
    try:
        again = [run for runs in jobs for run in runs]
        with forgotten(plan, again), clean_env(), _same_cluster(cluster), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            submitted = executor.map_array(run_tasks, tasks)
    except (FailedJobError, FailedSubmissionError, OSError) as error:
        reason = " ".join(str(error).split())
        raise SchedulerError(f"launcher {launcher.name}: sbatch refused ({reason})") from error
    return {run.key: job.job_id for runs, job in zip(jobs, submitted, strict=True) for run in runs}


@contextmanager
def _same_cluster(path: str | None) -> Iterator[None]:
    """Keep SLURM_CONF, which `clean_env` removes: it says which cluster this is."""
    if path is not None:
        os.environ["SLURM_CONF"] = path
    yield


def _parameters(name: str, launcher: Launcher, code: Path) -> dict[str, object]:
    """What submitit is told: the launcher's values, and that the job runs the snapshot."""
    given = {key: value for key, value in launcher.values.items() if value is not None and key not in _OWN}
    values = {key if key in _COMMON else f"slurm_{key}": value for key, value in given.items()}
    here = shlex.quote(str(code))
    values["slurm_setup"] = [*(given.get("setup") or []), f"cd {here}", f"export PYTHONPATH={here}"]
    values["slurm_srun_args"] = ["--kill-on-bad-exit=1"]
    return {"name": f"strata-{name}", **values}
