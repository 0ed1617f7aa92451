"""The same jobs on this machine, some at a time: each a process of its own, as it would be on a cluster."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from src.files import write_json
from src.preemption import EXIT_CODE
from src.sweep.outcome import write_outcome
from src.sweep.plan import Plan, Planned
from src.sweep.task import make_task, outcome, task_file

_SAID = (0, 2, EXIT_CODE)  # a job that ends so has left a record, an outcome, or the folder to another job
_POLL = 0.2  # seconds between looks at the processes


class LocalPool:
    """Runs jobs, `num_jobs` at a time. A signal asks each to stop between two steps, and starts no more."""

    def __init__(self, plan: Plan, code: Path, num_jobs: int) -> None:
        self._plan, self._code, self._num_jobs = plan, code, num_jobs
        self._alive: list[tuple[Planned, subprocess.Popen[bytes]]] = []
        self._asked: set[int] = set()
        self._stopped = False

    def run(self, runs: list[Planned], watch: Callable[[], None]) -> None:
        """Run all, calling `watch` every now and then; returns when the last has ended."""
        waiting = list(runs)
        before = {number: signal.signal(number, self._stop) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            while (waiting and not self._stopped) or self._alive:
                self._collect()
                while waiting and not self._stopped and len(self._alive) < self._num_jobs:
                    run = waiting.pop(0)
                    self._alive.append((run, self._start(run)))
                if self._stopped:
                    self._ask()  # also a job that began while the signal came
                watch()
                time.sleep(_POLL)
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _start(self, run: Planned) -> "subprocess.Popen[bytes]":
        task = task_file(self._plan, run)
        write_json(task, make_task(self._plan, run))
        log = self._plan.folder / "logs" / f"{run.key}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        environment = {**os.environ, "PYTHONPATH": str(self._code)}
        with log.open("ab") as output:
            return subprocess.Popen(
                [sys.executable, *_ranks(run), "-m", "src.sweep.job", str(task)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=self._code,
                env=environment,
                start_new_session=True,  # Ctrl-C reaches the pool alone, which then asks its jobs to stop
            )

    def _collect(self) -> None:
        """Keep how jobs ended that could not say it themselves."""
        for run, process in self._alive:
            status, path = process.poll(), outcome(self._plan, run)
            if status is None or status in _SAID or path.is_file():
                continue
            if status == -signal.SIGTERM:  # before it listened
                write_outcome(path, "preempted", "stopped before it began")
            else:
                how = signal.Signals(-status).name if status < 0 else f"status {status}"
                write_outcome(path, "lost", f"its process ended with {how}")
        self._alive = [(run, process) for run, process in self._alive if process.poll() is None]

    def _stop(self, number: int, frame: object) -> None:
        self._stopped = True

    def _ask(self) -> None:
        for process in [process for _, process in self._alive if process.pid not in self._asked]:
            self._asked.add(process.pid)
            process.terminate()


def _ranks(run: Planned) -> list[str]:
    """Torchrun's arguments for a run of several processes."""
    count = run.num_processes
    return [] if count == 1 else ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={count}"]
