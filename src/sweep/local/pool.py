"""The same jobs on this machine, some at a time: each a process of its own, as it would be on a cluster."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from src.runtime.preemption import EXIT_CODE, stop_if
from src.storage.files import write_json
from src.sweep.grid.planned_runs import Plan, Planned
from src.sweep.local.outcome import write_outcome
from src.sweep.local.preloaded import WarmJob, WarmServer, modules_for
from src.sweep.local.task import make_task, outcome, task_file

_SAID = (0, 2, EXIT_CODE)  # a job that ends so has left a record, an outcome, or the folder to another job
_POLL = 0.1  # seconds between looks at the processes

Process = subprocess.Popen | WarmJob


class LocalPool:
    """Runs jobs, `num_jobs` at a time. A signal asks each to stop between two steps, and starts no more.

    A job is forked from a server that has done the imports, or started cold: where the run has several
    processes, which it starts itself, or where there is no server because it could not import.
    """

    def __init__(self, plan: Plan, code: Path, num_jobs: int, num_threads: int) -> None:
        self._plan, self._code, self._num_jobs, self._num_threads = plan, code, num_jobs, num_threads
        self._alive: list[tuple[Planned, Process]] = []
        self._asked: set[int] = set()
        self._stopped = False
        self._logs = plan.folder / "logs"
        self._server: WarmServer | None = None

    def run(self, runs: list[Planned], watch: Callable[[], None]) -> None:
        """Run all, calling `watch` every now and then; returns when the last has ended.

        Raises:
            Preempted: a signal came; all that had begun have ended.
        """
        waiting = list(runs)
        self._logs.mkdir(parents=True, exist_ok=True)
        before = {number: signal.signal(number, self._stop) for number in (signal.SIGINT, signal.SIGTERM)}
        single = [run.config for run in runs if run.num_processes == 1]
        environment, log = self._environment(), self._logs / "server.log"
        try:
            if single:
                self._server = WarmServer(self._code, environment, modules_for(single), log)
            while (waiting and not self._stopped) or self._alive:
                self._collect()
                while waiting and not self._stopped and self._may_start(waiting[0]):
                    run = waiting.pop(0)
                    self._alive.append((run, self._start(run)))
                if self._stopped:
                    self._ask()  # also a job that began while the signal came
                watch()
                if self._server is None:
                    time.sleep(_POLL)
                else:
                    self._server.wait(_POLL)
        finally:
            if self._server is not None:
                self._server.close()
            for number, handler in before.items():
                signal.signal(number, handler)
        stop_if(self._stopped)

    def _may_start(self, run: Planned) -> bool:
        """Whether there is a place for a run, and the server, if it is to come from there, has imported."""
        if len(self._alive) >= self._num_jobs:
            return False
        server = self._server
        return run.num_processes > 1 or server is None or server.ready or server.gone

    def _start(self, run: Planned) -> Process:
        task, log = task_file(self._plan, run), self._logs / f"{run.key}.log"
        write_json(task, make_task(self._plan, run))
        log.parent.mkdir(parents=True, exist_ok=True)
        if run.num_processes == 1 and self._server is not None and not self._server.gone:
            return self._server.start(task, log)
        with log.open("ab") as output:
            return subprocess.Popen(
                [sys.executable, "-m", "src.sweep.local.job", str(task)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=self._code,
                env=self._environment(),
                start_new_session=True,  # Ctrl-C reaches the pool alone, which then asks its jobs to stop
            )

    def _environment(self) -> dict[str, str]:
        """Of a job; several ranks share its threads among them."""
        return {**os.environ, "PYTHONPATH": str(self._code), "OMP_NUM_THREADS": str(self._num_threads)}

    def _collect(self) -> None:
        """Keep how jobs ended that could not say it themselves."""
        if self._server is not None:
            self._server.listen()
        for run, process in self._alive:
            status, path = _status(process), outcome(self._plan, run)
            if status is None or status in _SAID or path.is_file():
                continue
            if status == -signal.SIGTERM:  # before it listened
                write_outcome(path, "preempted", "stopped before it began")
            else:
                how = signal.Signals(-status).name if status < 0 else f"status {status}"
                write_outcome(path, "lost", f"its process ended with {how}")
        self._alive = [(run, process) for run, process in self._alive if process.returncode is None]

    def _stop(self, number: int, frame: object) -> None:
        self._stopped = True

    def _ask(self) -> None:
        for _, process in self._alive:
            if process.pid is not None and process.pid not in self._asked:
                self._asked.add(process.pid)
                process.terminate()


def threads_each(num_jobs: int) -> int:
    """Threads of a job where nobody says it: OMP_NUM_THREADS, or its share of this machine's cores."""
    given = os.environ.get("OMP_NUM_THREADS", "")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return int(given) if given.isdigit() and int(given) > 0 else max(1, cores // num_jobs)


def _status(process: Process) -> int | None:
    return process.returncode if isinstance(process, WarmJob) else process.poll()
