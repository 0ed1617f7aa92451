"""Jobs of this machine start warm: imports are done once, in a server from which each job is forked."""

import json
import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

from src.config.schema import RunConfig
from src.storage.owner import started

UNKNOWN = 1  # the status of a job whose server was killed before the job ended


class WarmJob:
    """A forked process; the part of Popen that the pool needs."""

    def __init__(self) -> None:
        self.pid: int | None = None
        self.returncode: int | None = None

    def terminate(self) -> None:
        """SIGTERM, if it runs."""
        if self.pid is not None and self.returncode is None:
            try:
                os.kill(self.pid, signal.SIGTERM)
            except ProcessLookupError:
                return


class WarmServer:
    """The server's side of the pool. `ready` is False while it imports, `gone` once it has ended."""

    def __init__(self, code: Path, environment: dict[str, str], modules: list[str], log: Path) -> None:
        with log.open("ab") as said:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "src.sweep.local.server", *modules],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=said,
                cwd=code,
                env=environment,
                start_new_session=True,
            )
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None  # pipes were asked for
        self._stdin, self._stdout = stdin, stdout
        os.set_blocking(stdout.fileno(), False)
        self._text = b""
        self._jobs: list[WarmJob] = []
        self.ready = self.gone = False

    def start(self, task: Path, log: Path) -> WarmJob:
        """Fork a job; only when `ready`."""
        asked = {"number": len(self._jobs), "task": str(task), "log": str(log)}
        job = WarmJob()
        self._jobs.append(job)
        try:
            os.write(self._stdin.fileno(), f"{json.dumps(asked)}\n".encode())
        except BrokenPipeError:
            self.gone = True
        return job

    def wait(self, seconds: float) -> None:
        """Until the server tells something, at most so long."""
        if self.gone:
            time.sleep(seconds)
        else:
            select.select([self._stdout], [], [], seconds)

    def listen(self) -> None:
        """Take in what the server has told."""
        while not self.gone:
            try:
                more = os.read(self._stdout.fileno(), 65536)
            except BlockingIOError:
                break
            self.gone = not more
            *lines, self._text = (self._text + more).split(b"\n")
            for line in lines:
                self._take(*line.decode().split())
        if self.gone:
            self._ask_the_system()

    def close(self) -> None:
        """Let the server end; jobs that still run go on."""
        self._stdin.close()
        self._stdout.close()
        if not self.ready:
            self._process.kill()
        self._process.wait()

    def _take(self, word: str, *values: str) -> None:
        if word == "ready":
            self.ready = True
            return
        job, value = self._jobs[int(values[0])], int(values[1])
        if word == "began":
            job.pid = value
        else:
            job.returncode = value

    def _ask_the_system(self) -> None:
        """Without the server, a job has ended when its process is no more; how, nobody saw."""
        for job in self._jobs:
            if job.returncode is None and (job.pid is None or started(job.pid) is None):
                job.returncode = UNKNOWN


def modules_for(configs: list[RunConfig]) -> list[str]:
    """What these runs import sooner or later; nothing in it computes or starts a thread of its own.

    Not W&B: its import makes a folder for tables, which the first job to end would take from all others.
    """
    found = ["src.pipeline.pipeline", "src.sweep.local.job"]
    kinds = [kind for config in configs for kind in (config.method.of_kind, config.data.of_kind)]
    found += sorted({name for kind in kinds for name in kind.imports})
    if any(config.evaluate.tasks for config in configs):
        found += ["src.evaluate.language_model", "src.evaluate.named", "lm_eval.evaluator", "datasets"]
    return found
