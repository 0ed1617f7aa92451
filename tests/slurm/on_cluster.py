"""What the tests of a cluster look at: its queue, the jobs' logs, two folders that should hold the same run."""

import json
import subprocess
import time
from pathlib import Path

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
