"""A cluster against this machine: the same tiny runs as jobs of SLURM, and two at a time here."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

from src.bench.measure import seconds
from src.command.compose import run_config
from src.errors import SchedulerError

MEANING = {
    "slurm_over_local": "wall time of 12 tiny runs as two jobs of SLURM / on this machine, two at a time "
    "(at most 1.3); asked for by name, because it submits jobs",
}


def bench() -> dict[str, float]:
    """Runs of 24 steps, on the default partition of the cluster that answers here.

    Raises:
        SchedulerError: there is no sbatch on this machine.
    """
    if shutil.which("sbatch") is None:
        raise SchedulerError("bench: no sbatch on this machine; accepted: a part that needs no cluster")
    place = Path(run_config().paths.runs_dir).resolve()
    place.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=place, prefix="bench-") as folder:
        _run(_write(Path(folder), "first", "local"), "--jobs", "2")  # fills the cache that both find
        local, slurm = (_write(Path(folder), name, name) for name in ("local", "slurm"))
        here = seconds(lambda: _run(local, "--jobs", "2"))
        there = seconds(lambda: _run(slurm, "--per-job", "6", "--wait"))
    return {"slurm_over_local": there / here}


def _write(folder: Path, name: str, launcher: str) -> Path:
    """A sweep of twelve runs of its own name."""
    grid: dict[str, str | int] = {"method": "lora,midblock", "seed": "0,1,2,3,4,5"}
    if launcher == "slurm":
        grid |= {"hydra.launcher.timeout_min": 30}  # a partition with a shorter limit would let them wait
    content = {
        "defaults": ["config", {"override debug": "smoke"}, {"override evaluate": "none"}, "_self_"],
        "paths": {"runs_dir": f"{folder}/{name}", "cache_dir": f"{folder}/cache"},
        "train": {"max_steps": 24},
        "hydra": {"sweeper": {"params": grid}},
        "sweep": {"launcher": launcher},
    }
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump(content, sort_keys=False))
    return path


def _run(path: Path, *options: str) -> None:
    command = [sys.executable, "-m", "src.sweep", str(path), *options]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
    if done.returncode != 0 or not done.stdout.endswith("12 runs: 12 done\n"):
        raise SchedulerError(f"bench: {path.name} did not end ({' '.join(done.stderr.split())[-300:]})")
