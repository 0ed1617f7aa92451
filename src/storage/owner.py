"""Who works on a run's folder: lock.json, and what can be known of its writer."""

import os
import socket
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from uuid import uuid4

from src.errors import StorageError
from src.storage.files import read_json, write_json

NAME = "lock.json"
STALE = 60.0  # seconds without a heartbeat after which the owner counts as dead
AHEAD = 10.0  # seconds that a heartbeat may lie in the future: coarse clocks of file servers


@dataclass(frozen=True)
class Owner:
    """The process that holds a folder."""

    host: str
    boot: str
    """Boot and process namespace: only where these are equal does a process number mean something."""
    pid: int
    started: str | None
    """When the process started, in the kernel's ticks; None where the system does not tell."""
    job: str | None
    """SLURM job, `123` or `123_4` for an element of an array."""
    restart: int
    """How often SLURM had started the job again."""
    token: str

    def __str__(self) -> str:
        job = f" job {self.job}" if self.job else ""
        return f"host {self.host}{job} pid {self.pid}"


def slurm_job() -> str | None:
    """The SLURM job that this process belongs to, with the element of its array; None outside of one."""
    array, task = os.environ.get("SLURM_ARRAY_JOB_ID"), os.environ.get("SLURM_ARRAY_TASK_ID")
    return f"{array}_{task}" if array and task else os.environ.get("SLURM_JOB_ID")


def myself() -> Owner:
    """This process."""
    restart = os.environ.get("SLURM_RESTART_COUNT", "0")
    pid = os.getpid()
    host = socket.gethostname()
    return Owner(host, _boot(), pid, started(pid), slurm_job(), int(restart or 0), uuid4().hex)


def read_owner(folder: Path) -> Owner | None:
    """Who holds a folder; None where nobody does.

    Raises:
        StorageError: a damaged lock.
    """
    try:
        return Owner(**read_json(folder / NAME))
    except StorageError:
        if not (folder / NAME).exists():
            return None
        raise
    except TypeError as error:
        raise StorageError(f"{folder / NAME}: is not a lock; remove it if no job works here") from error


def write_owner(folder: Path, owner: Owner) -> None:
    """Make `owner` the holder of a folder."""
    write_json(folder / NAME, asdict(owner))


def shared_now(folder: Path) -> float:
    """The time now by the clock that stamps the folder's files, in seconds: a file server has its own.

    Where nothing can be written, because the disk is full or read-only, this machine's clock has to do.
    """
    probe = folder / f".clock-{uuid4().hex[:8]}"
    try:
        probe.touch()
        now = probe.stat().st_mtime
        probe.unlink()
    except OSError:
        return time.time()
    return now


def age(folder: Path, now: float) -> float | None:
    """Seconds since the last heartbeat by the clock of `shared_now`, negative in the future; None: free."""
    try:
        return now - (folder / NAME).stat().st_mtime
    except FileNotFoundError:
        return None


def is_gone(owner: Owner) -> bool | None:
    """Whether the owner has ended for certain; None where this process cannot know."""
    me = myself()
    if owner.job is not None and owner.job == me.job and owner.restart < me.restart:
        return True  # SLURM starts a job again only after it has ended
    if owner.boot != me.boot or owner.host != me.host:
        return None
    now = started(owner.pid)
    return now is None or (owner.started is not None and now != owner.started)


def started(pid: int) -> str | None:
    """When a process started, in ticks since boot; "" where the system does not tell, None: no process."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None if Path("/proc/self/stat").exists() or not _answers(pid) else ""
    return None if fields[0] in "ZX" else fields[19]  # a zombie works on nothing


def _answers(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _boot() -> str:
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot} {os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return socket.gethostname()
