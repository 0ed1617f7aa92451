"""What SLURM's own commands tell: partitions, limits and the queue. Accounting is never asked."""

import getpass
import re
import shutil
import socket
import subprocess
from collections.abc import Mapping
from pathlib import Path

from src.config.rules import refuse
from src.errors import SchedulerError
from src.sweep.grid.launchers import Launcher

_TIMEOUT = 30  # seconds that the controller may take to answer
DEFAULT_ARRAY = 1001  # SLURM's own default, where the controller does not tell
_NODE_LOCAL = ("tmpfs", "ramfs", "overlay", "devtmpfs", "squashfs")
_TEMPORARY = ("/tmp", "/var/tmp", "/dev/shm", "/run")


def check_cluster(launcher: Launcher, folders: Mapping[str, Path]) -> None:
    """Refuse a launcher that this cluster cannot serve, before anything is submitted.

    Args:
        launcher: Asks for a partition.
        folders: What the nodes must see, by the key that says where it is: jobs read their task from
            paths.runs_dir, and rows and weights from paths.cache_dir.

    Raises:
        SchedulerError: no sbatch here, or the controller does not answer.
        ConfigError: there is no such partition, or its nodes cannot see a folder.
    """
    if shutil.which("sbatch") is None:
        raise SchedulerError(f"launcher {launcher.name}: no sbatch on this machine; accepted: launcher=local")
    partitions = set(_ask("sinfo", "-h", "-o", "%R").split())
    wanted = launcher.values.get("partition")
    if wanted is not None and wanted not in partitions:
        refuse(f"hydra.launcher.partition of launcher {launcher.name}", wanted, ", ".join(sorted(partitions)))
    nodes = _nodes(wanted)
    for key, folder in folders.items():
        check_shared(key, folder, nodes)


def check_shared(key: str, folder: Path, nodes: set[str]) -> None:
    """Refuse a folder in this machine's memory or temporary files, when other nodes would need it."""
    here = socket.gethostname().partition(".")[0]
    if nodes <= {here}:
        return
    existing = next(path for path in (folder, *folder.parents) if path.exists()).resolve()
    kind = _file_system(existing)
    if kind in _NODE_LOCAL or any(existing.is_relative_to(path) for path in _TEMPORARY):
        others = ", ".join(sorted(nodes - {here})[:3])
        refuse(
            key,
            str(folder),
            f"a folder that nodes such as {others} see; this one is on {kind} here",
        )


def max_array_size() -> int:
    """How many jobs one array may hold on this cluster."""
    found = re.search(r"^MaxArraySize\s*=\s*(\d+)", _ask("scontrol", "show", "config"), re.MULTILINE)
    return max(1, (int(found.group(1)) if found else DEFAULT_ARRAY) - 1)


def queue() -> dict[str, str]:
    """This user's jobs that wait or run: `12` or `12_3` to its state, with SLURM's reason while it waits.

    Raises:
        SchedulerError: the controller does not answer.
    """
    lines = _ask("squeue", "-h", "-r", "-u", getpass.getuser(), "-o", "%i|%T|%r").splitlines()
    found = {}
    for line in lines:
        job, state, reason = line.split("|", 2)
        found[job.strip()] = f"{state} ({reason})" if state == "PENDING" and reason != "None" else state
    return found


def restarts(job: str) -> int | None:
    """How often SLURM has started a job again; None: it does not say."""
    try:
        found = re.search(r"\bRestarts=(\d+)", _ask("scontrol", "show", "job", "-o", job))
    except SchedulerError:
        return None
    return int(found.group(1)) if found else None


def _nodes(partition: str | None) -> set[str]:
    """The nodes of a partition, or of the default one (marked by a star)."""
    nodes = set()
    for line in _ask("sinfo", "-h", "-N", "-o", "%P %N").splitlines():
        name, node = line.split()
        if name.rstrip("*") == partition or (partition is None and name.endswith("*")):
            nodes.add(node)
    return nodes


def _file_system(path: Path) -> str:
    """The kind of file system that a path is on."""
    try:
        mounts = [line.split() for line in Path("/proc/mounts").read_text().splitlines()]
    except OSError:
        return "an unknown file system"
    on = [fields for fields in mounts if path.is_relative_to(fields[1])]
    return max(on, key=lambda fields: len(fields[1]))[2] if on else "an unknown file system"


def _ask(*command: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT)
    except FileNotFoundError as error:
        raise SchedulerError(
            f"{command[0]}: no such command on this machine; accepted: launcher=local"
        ) from error
    except subprocess.TimeoutExpired as error:
        raise SchedulerError(f"{command[0]}: SLURM's controller did not answer in {_TIMEOUT} s") from error
    if done.returncode != 0:
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise SchedulerError(f"{command[0]}: SLURM does not answer ({reason})")
    return done.stdout
