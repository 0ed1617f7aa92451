"""A real SLURM of one node on this machine, from Debian's packages: munge, the controller, the node's daemon.

Partition `low` is preempted by partition `high`: jobs of `low` get their signal, then GraceTime to stop, then
go back into the queue. There is no accounting, as on small clusters. Ports, keys and sockets are its own.
"""

import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

PROGRAMS = ("munged", "mungekey", "slurmctld", "slurmd", "sbatch", "scontrol", "squeue", "sinfo")
_SBIN = "/usr/sbin"
_CONF = """\
ClusterName=onenode
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller}
SlurmdPort={node}
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=5
CryptoType=crypto/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
SlurmctldParameters=preempt_send_user_signal
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
SchedulerParameters=sched_interval=1,batch_sched_delay=0,bf_interval=1
ReturnToService=2
KillWait=10
NodeName={host} NodeAddr=127.0.0.1 CPUs=2 RealMemory=8000 State=UNKNOWN
PartitionName=low Nodes={host} Default=YES MaxTime=120 State=UP PriorityTier=1 GraceTime=30
PartitionName=high Nodes={host} MaxTime=120 State=UP PriorityTier=10 PreemptMode=OFF
"""


def missing() -> str | None:
    """Why there can be no cluster here; None: there can."""
    search = f"{os.environ.get('PATH', '')}:{_SBIN}"
    absent = [name for name in PROGRAMS if shutil.which(name, path=search) is None]
    if absent:
        return f"not installed: {', '.join(absent)} (Debian: apt-get install slurm-wlm munge)"
    return None if os.geteuid() == 0 else "a node's daemon needs root"


class OneNode:
    """`with OneNode(folder):` a cluster runs, and this process and its children talk to it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __enter__(self) -> "OneNode":
        (self.folder / "state").mkdir(parents=True)
        (self.folder / "spool").mkdir()
        os.environ["PATH"] += f":{_SBIN}"
        host = socket.gethostname().partition(".")[0]
        values = {"host": host, "folder": self.folder, "controller": _port(), "node": _port()}
        conf = self.folder / "slurm.conf"
        conf.write_text(_CONF.format(**values))
        os.environ["SLURM_CONF"] = str(conf)
        try:
            self._start(host)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for name in ("slurmd", "slurmctld", "munged"):
            path = self.folder / f"{name}.pid"
            if path.is_file() and path.read_text().strip():
                _end(int(path.read_text()))
        os.environ.pop("SLURM_CONF", None)

    def _start(self, host: str) -> None:
        key = self.folder / "munge.key"
        subprocess.run(["mungekey", "--create", f"--keyfile={key}"], check=True)
        files = {"key-file": key.name, "socket": "munge.socket", "pid-file": "munged.pid"}
        files |= {"log-file": "munged.log", "seed-file": "munged.seed"}
        arguments = [f"--{name}={self.folder / file}" for name, file in files.items()]
        subprocess.run(["munged", "--force", *arguments], check=True, stderr=subprocess.DEVNULL)
        for name in ("slurmctld", "slurmd"):
            subprocess.run([name], check=True)
        for _ in range(60):
            found = subprocess.run(["sinfo", "-h", "-n", host, "-t", "idle"], capture_output=True, text=True)
            if found.stdout.strip():
                return
            time.sleep(0.5)
        logs = [(self.folder / f"{name}.log").read_text()[-800:] for name in ("slurmctld", "slurmd")]
        raise RuntimeError("the node did not become idle:\n" + "\n".join(logs))


def _port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def _end(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGTERM)
        for _ in range(50):
            os.kill(pid, 0)
            time.sleep(0.1)
    except ProcessLookupError:
        return
