"""What the tests of a cluster look at: its queue, the jobs' logs, two folders that should hold the same run."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

STOPPING = sum(1 << (number - 1) for number in (signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2))
_OF_ITS_DAY = ("seconds", "written", "git", "hardware", "versions", "peak_memory_gib")


def squeue() -> str:
    """This cluster's jobs, one a line."""
    return subprocess.run(["squeue", "-h", "-r"], capture_output=True, text=True).stdout.strip()


def wait_for(condition, seconds=180):
    """What `condition` gives, as soon as it gives something."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, squeue()
        time.sleep(0.02)
    return found


def training(root: Path, steps: int = 3) -> list[Path]:
    """The folders of runs that somebody works on and that have made so many steps and not their last."""
    held = [path.parent for path in root.glob("*/*/lock.json")]
    logs = [folder for folder in held if (folder / "steps.jsonl").is_file()]
    return [
        folder
        for folder in logs
        if (folder / "steps.jsonl").read_bytes().count(b"\n") >= steps
        and not (folder / "stages" / "train.json").exists()
    ]


def steps_of(folder: Path) -> list[dict]:
    """The step log without what a clock told."""
    lines = (folder / "steps.jsonl").read_text().splitlines()
    return [{key: value for key, value in json.loads(line).items() if key != "seconds"} for line in lines]


def assert_same(mine: Path, other: Path) -> None:
    """Record, steps, tables and weights of two folders are equal, byte for byte where there is no clock in."""
    records = [json.loads((folder / "run.json").read_text()) for folder in (mine, other)]
    assert [record["status"] for record in records] == ["success", "success"]
    for record in records:
        for key in _OF_ITS_DAY:
            record.pop(key, None)
    assert records[0] == records[1]
    assert steps_of(mine) == steps_of(other)
    for name in ("scores.json", "layers.csv", "adapter/adapter_model.safetensors"):
        assert (mine / name).read_bytes() == (other / name).read_bytes(), name


def owner_of(folder: Path) -> dict:
    """What the lock of a run tells of who works on it."""
    return json.loads((folder / "lock.json").read_text())


def hold(root: Path, but: Sequence[Path] = ()) -> Path:
    """Keep a run that trains at the step where it is; its folder."""
    folder = wait_for(lambda: [one for one in training(root) if one not in but])[0]
    os.kill(owner_of(folder)["pid"], signal.SIGSTOP)
    return folder


def let_go(folders: Sequence[Path]) -> None:
    """Let held runs go on, each with a signal to stop."""
    pids = [owner_of(folder)["pid"] for folder in folders]
    wait_for(lambda: all(was_signalled(pid) for pid in pids))
    for pid in pids:
        os.kill(pid, signal.SIGCONT)


def was_signalled(pid: int) -> bool:
    """Whether a signal to stop waits for a held process, or SLURM has let it go on with one."""
    lines = (line.partition(":") for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    told = {name: value.strip() for name, _, value in lines}
    return bool(int(told["ShdPnd"], 16) & STOPPING) or not told["State"].startswith("T")


def was_put_back(root: Path, job: str) -> bool:
    """Whether a job has asked SLURM to start it again."""
    logs = root.glob(f"*/.sweep/*/jobs/{job}/*_log.out")
    return any("put back into the queue" in path.read_text() for path in logs)


def take_the_node() -> None:
    """Submit a job of the partition `high`, which preempts those of `low`."""
    subprocess.run(["sbatch", "-p", "high", "-n", "2", "-o", os.devnull, "--wrap", "sleep 2"], check=True)
