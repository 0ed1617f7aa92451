"""The same jobs on this machine, some at a time: each a process of its own, as it would be on a cluster."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from src.files import write_json
from src.sweep.plan import Plan, Planned
from src.sweep.task import make_task

_POLL = 0.2  # seconds between looks at the processes


class LocalPool:
    """Runs jobs, `num_jobs` at a time. A signal asks each to stop between two steps, and starts no more."""

    def __init__(self, plan: Plan, code: Path, num_jobs: int) -> None:
        self._plan, self._code, self._num_jobs = plan, code, num_jobs
        self._alive: list[subprocess.Popen[bytes]] = []
        self._stopped = False

    def run(self, runs: list[Planned], watch: Callable[[], None]) -> None:
        """Run all, calling `watch` every now and then; returns when the last has ended."""
        waiting = list(runs)
        before = {number: signal.signal(number, self._stop) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            while (waiting and not self._stopped) or self._alive:
                self._alive = [process for process in self._alive if process.poll() is None]
                while waiting and not self._stopped and len(self._alive) < self._num_jobs:
                    self._alive.append(self._start(waiting.pop(0)))
                watch()
                time.sleep(_POLL)
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _start(self, run: Planned) -> "subprocess.Popen[bytes]":
        task = self._plan.folder / "tasks" / f"{run.key}.json"
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

    def _stop(self, number: int, frame: object) -> None:
        self._stopped = True
        for process in self._alive:
            if process.poll() is None:
                process.terminate()


def _ranks(run: Planned) -> list[str]:
    """Torchrun's arguments for a run of several processes."""
    count = run.num_processes
    return [] if count == 1 else ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={count}"]
