"""Start what a sweep has not started yet: on a cluster, or on this machine."""

from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from src.config.rules import refuse
from src.storage.lock import RunLock, check_clock
from src.sweep.cluster.slurm import check_cluster
from src.sweep.cluster.submit import submit
from src.sweep.grid.planned_runs import Plan, Planned
from src.sweep.grid.snapshot import take_snapshot
from src.sweep.ledger import Entry, Ledger
from src.sweep.local.pool import LocalPool
from src.sweep.local.task import forgotten
from src.sweep.states import State, read_states

FRESH = ("new", "preempted")
"""What a launch starts. Failed and lost runs wait for `rerun --failed`: starting them again is a decision."""
BROKEN = ("failed", "lost")


def check_launchers(plan: Plan, per_job: int = 1) -> None:
    """Refuse a cluster, a folder or a size of job that cannot work, before anything is submitted."""
    remote = {run.launcher.shape: run for run in plan.runs if not run.launcher.is_local}
    if per_job > 1 and not remote:
        refuse("--per-job", per_job, "1: with launcher=local each run is a process of its own")
    for run in remote.values():
        launcher, cache_dir = run.launcher, Path(run.config.paths.cache_dir)
        check_cluster(launcher, {"paths.runs_dir": plan.folder, "paths.cache_dir": cache_dir})
        if per_job > 1 and launcher.num_processes > 1:
            refuse("--per-job", per_job, f"1: a job of launcher {launcher.name} is several processes")


def launch(
    plan: Plan,
    wanted: tuple[str, ...],
    num_jobs: int,
    num_threads: int,
    watch: Callable[[], None],
    per_job: int = 1,
) -> int:
    """Start the runs whose state is in `wanted`; how many.

    Jobs of a cluster are submitted; those of this machine are done before this returns. Two launches at once
    start every run once: the states are read and the jobs written down under one lock. `num_jobs` and
    `num_threads` (of each) are those of this machine's jobs; a job of a cluster does `per_job` runs.

    Raises:
        Preempted: a signal has stopped those of this machine.
    """
    check_launchers(plan, per_job)
    ledger = Ledger(plan.folder)
    with ExitStack() as held:
        with ledger.open() as entries:
            states = read_states(plan)
            runs = [run for run in plan.runs if _wanted(states[run.key], wanted)]
            if not runs:
                return 0
            for run in runs:
                check_clock(run.folder)  # its job would be refused
            code = take_snapshot(plan.folder)
            local = [run for run in runs if run.launcher.is_local]
            if local:  # a pool that lives refuses here, before anything is submitted or forgotten
                held.enter_context(RunLock(plan.folder))
            remote = {run.key: run for run in runs if not run.launcher.is_local}
            for jobs in submit(plan, list(remote.values()), code, per_job) if remote else ():
                entries |= {key: _entry(remote[key], job, code) for key, job in jobs.items()}
                ledger.keep(entries)  # after each array: what was submitted is known whatever comes next
            with forgotten(plan, local):
                entries |= {run.key: _entry(run, None, code) for run in local}
                ledger.keep(entries)
        if local:
            LocalPool(plan, code, num_jobs, num_threads).run(local, watch)
    return len(runs)


def _wanted(state: State, wanted: tuple[str, ...]) -> bool:
    waiting_in_queue = state.name == "preempted" and state.job is not None
    return state.name in wanted and not waiting_in_queue


def _entry(run: Planned, job: str | None, code: Path) -> Entry:
    return Entry(job, run.launcher.name, datetime.now(UTC).isoformat(timespec="seconds"), code.name)
