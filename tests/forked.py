"""Commands as processes of their own, forked from one that has imported what they need.

To import torch, transformers, peft and lm-eval takes seconds; a command that a test starts, kills and starts
again is there at once. What a command imports, and when, is not tested with this.
"""

import atexit
import multiprocessing
import os
import runpy
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import weakref
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FORKED = multiprocessing.get_context("forkserver")
FORKED.set_forkserver_preload(
    ["src.pipeline.pipeline", "src.evaluate.language_model", "src.evaluate.named", "peft", "tests.frozen"]
)


class Command:
    """`python -m MODULE ARGUMENTS`, with what tests use of a `subprocess.Popen`."""

    def __init__(
        self, module: str, *arguments: object, env: Mapping[str, str] | None = None, cwd: Path = ROOT
    ) -> None:
        self.args = [module, *map(str, arguments)]
        self._said = Path(tempfile.mkdtemp(prefix="said-"))
        weakref.finalize(self, shutil.rmtree, self._said, ignore_errors=True)
        given = (self.args, dict(os.environ if env is None else env), cwd, self._said)
        self._process = FORKED.Process(target=_work, args=given)
        self._process.start()
        self.pid = self._process.pid

    @property
    def returncode(self) -> int | None:
        """The exit status, negative for a signal; None while it runs."""
        return self._process.exitcode

    poll = returncode.fget

    def send_signal(self, number: int) -> None:
        """A signal to this process alone."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """Wait for the end: what it said, and its errors.

        Raises:
            TimeoutExpired: it goes on for longer than `timeout` seconds.
        """
        self._process.join(timeout)
        if self.poll() is None:
            raise subprocess.TimeoutExpired(self.args, timeout or 0)
        return self.said("out"), self.said("err")

    def said(self, stream: str) -> str:
        """Everything so far on `out` or `err`."""
        path = self._said / stream
        return path.read_text(errors="replace") if path.exists() else ""


def run(module: str, *arguments: object, timeout: float = 400, **options) -> subprocess.CompletedProcess:
    """A command to its end."""
    command = Command(module, *arguments, **options)
    output, errors = command.communicate(timeout)
    return subprocess.CompletedProcess(command.args, command.returncode, output, errors)


def start_together(count: int, module: str, *arguments: object) -> list[Command]:
    """A command on so many ranks, with the environment that torchrun gives each."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    world = {
        "WORLD_SIZE": str(count),
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": port,
        "OMP_NUM_THREADS": "1",
    }
    return [
        Command(module, *arguments, env={**os.environ, **world, "RANK": str(rank), "LOCAL_RANK": str(rank)})
        for rank in range(count)
    ]


def run_together(
    count: int, module: str, *arguments: object, timeout: float = 200
) -> list[subprocess.CompletedProcess]:
    """The same, all to their ends."""
    ranks = start_together(count, module, *arguments)
    said = [rank.communicate(timeout) for rank in ranks]
    return [
        subprocess.CompletedProcess(rank.args, rank.returncode, *streams)
        for rank, streams in zip(ranks, said, strict=True)
    ]


def _work(arguments: list[str], env: dict[str, str], cwd: Path, said: Path) -> None:
    """What the new process does: streams, environment, folder and handlers as a shell would give them."""
    for number, name in ((1, "out"), (2, "err")):
        os.dup2(os.open(said / name, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644), number)
    sys.stdout, sys.stderr = os.fdopen(1, "w", buffering=1), os.fdopen(2, "w", buffering=1)
    os.environ.clear()
    os.environ.update(env)
    os.chdir(cwd)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    module, *sys.argv[1:] = arguments
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    finally:
        atexit._run_exitfuncs()  # multiprocessing leaves without them
