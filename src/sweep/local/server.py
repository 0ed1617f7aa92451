"""A process that has imported what runs need, and forks one process for each job it is told of.

python -m src.sweep.local.server MODULE...     started by src.sweep.local.preloaded, in the copy of the code

A job starts as a cold one would: own session, own log, signals at their defaults, the interpreter's own way
out. (multiprocessing's forkserver would put the launcher's paths before the copy's, and skip that way out.)
Lines on standard input ask; those on standard output tell: `ready`, `began N PID`, `ended N STATUS`.
"""

import gc
import importlib
import json
import os
import select
import sys
from pathlib import Path
from typing import Any

_POLL = 0.02  # seconds between looks at the jobs
_ASK, _TELL = 0, 1  # file descriptors


def serve(modules: list[str]) -> dict[str, Any] | None:
    """Import, then fork until standard input ends; in a forked process: what it was asked to do."""
    tell = os.dup(_TELL)
    os.dup2(2, _TELL)  # what a module prints while it is imported is no answer
    for name in modules:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()  # else each job would walk through all that was imported, at its end three times
    _say(tell, "ready")
    jobs: dict[int, int] = {}
    text = b""
    while True:
        if select.select([_ASK], [], [], _POLL)[0]:
            more = os.read(_ASK, 65536)
            if not more:
                return None  # the pool has ended: jobs go on by themselves
            *lines, text = (text + more).split(b"\n")
            for line in lines:
                asked = json.loads(line)
                pid = os.fork()
                if pid == 0:
                    os.close(tell)
                    return asked
                jobs[pid] = asked["number"]
                _say(tell, f"began {asked['number']} {pid}")
        for pid in list(jobs):
            found, status = os.waitpid(pid, os.WNOHANG)
            if found:
                _say(tell, f"ended {jobs.pop(pid)} {os.waitstatus_to_exitcode(status)}")


def _say(tell: int, line: str) -> None:
    os.write(tell, f"{line}\n".encode())


def _enter(asked: dict[str, Any]) -> None:
    """Become the process of a job: what Popen would have set up."""
    os.setsid()
    log = os.open(asked["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for old, new in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(old, new)
    os.close(log)
    os.close(nothing)
    sys.argv = [sys.argv[0], asked["task"]]


if __name__ == "__main__":
    job = serve(sys.argv[1:])
    if job is not None:
        _enter(job)
        from src.sweep.local.job import run_tasks

        run_tasks([json.loads(Path(job["task"]).read_text())])
