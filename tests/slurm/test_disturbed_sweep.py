"""Twelve runs on a real SLURM with all that happens to jobs: they end as undisturbed ones do."""

import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
from on_cluster import assert_same, hold, let_go, owner_of, squeue, take_the_node, wait_for, was_put_back
from one_node import missing

from src.sweep.grid.planned_runs import make_plan
from src.sweep.grid.spec import read_sweep
from src.sweep.states import read_states

pytestmark = [pytest.mark.slurm, pytest.mark.skipif(missing() is not None, reason=f"no SLURM: {missing()}")]
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def checkout(tmp_path):
    """A checkout of its own, with what this work tree holds: it will be edited."""
    folder = tmp_path / "checkout"
    subprocess.run(["git", "clone", "-q", ROOT, folder], check=True)
    for name in ("src", "conf"):
        shutil.rmtree(folder / name)
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


@pytest.fixture
def twelve(write_sweep):
    """The file of the sweep whose runs lie in a folder of this name."""

    def write(root, launcher):
        train = {"max_steps": 24, "checkpoint_steps": 2}
        metrics = {"names": ["cka_debiased", "weight_change"], "num_token_samples": 8}
        sections, seeds = {"train": train, "metrics": metrics}, ",".join(map(str, range(6)))
        return write_sweep(root, launcher, sections, method="lora,midblock", seed=seeds)

    return write


def launch_and_lose_the_launcher(command, checkout, path, root):
    """The process that submits and looks on dies as soon as its jobs are known."""
    process = command(path, "--wait", cwd=checkout, wait=False)
    ledger = root / "smoke" / ".sweep" / path.stem / "ledger.json"
    wait_for(lambda: ledger.is_file() or process.poll() is not None)
    process.kill()
    _, errors = process.communicate()
    assert ledger.is_file(), errors
    assert len({entry["job"] for entry in json.loads(ledger.read_text()).values()}) == 12


def edit(checkout):
    """What no job could run with, while most of them still wait."""
    path = checkout / "src" / "pipeline" / "pipeline.py"
    path.write_text('raise RuntimeError("edited since")\n' + path.read_text())
    assert squeue().count(" PD ") >= 10


def preempt_two(root):
    """A job of the partition `high` takes the node from two runs that train; their folders."""
    first = hold(root)
    folders = [first, hold(root, but=[first])]
    jobs = [owner_of(folder)["job"] for folder in folders]
    take_the_node()
    let_go(folders)
    wait_for(lambda: all((folder / "preempted.json").is_file() for folder in folders))
    wait_for(lambda: any(was_put_back(root, job) for job in jobs))
    return folders


def kill_two(root, but):
    """SIGKILL, which no process sees coming, to two runs that train; their folders."""
    killed = []
    while len(killed) < 2:
        killed.append(hold(root, but=[*but, *killed]))
        os.kill(owner_of(killed[-1])["pid"], signal.SIGKILL)
    return killed


def let_one_time_out(root, but):
    """A run that trains comes to the end of its time."""
    folder = hold(root, but)
    job = owner_of(folder)["job"]
    shown = subprocess.run(["squeue", "-h", "-j", job, "-o", "%M"], capture_output=True, text=True).stdout
    minutes, seconds = map(int, shown.strip().split(":")[-2:])
    limit(job, minutes + 1 + (seconds >= 30))
    let_go([folder])
    wait_for(lambda: was_put_back(root, job))
    limit(job, 30)


def limit(job, minutes):
    subprocess.run(["scontrol", "update", f"jobid={job}", f"timelimit={minutes}"], check=True)


def test_twelve_runs_end_as_undisturbed_ones(command, checkout, twelve, tmp_path):
    undisturbed = command(twelve("here", "local"), "--jobs", 2)
    assert undisturbed.stdout.endswith("12 runs: 12 done\n"), undisturbed.stderr
    path, root = twelve("there", "slurm"), tmp_path / "there"
    launch_and_lose_the_launcher(command, checkout, path, root)
    edit(checkout)
    preempted = preempt_two(root)
    killed = kill_two(root, but=preempted)
    begun, plan = time.monotonic(), make_plan(read_sweep(path, [], None))
    lost = wait_for(lambda: found if len(found := lost_of(plan)) == 2 else None)
    assert time.monotonic() - begun < 60
    assert lost == set(killed)
    again = command("rerun", path, "--failed")
    assert "2 started" in again.stdout, again.stderr
    let_one_time_out(root, but=[*preempted, *killed])
    ended = command(path, "--wait", seconds=900)
    assert "0 started" in ended.stdout
    assert ended.stdout.endswith("12 runs: 12 done\n"), ended.stderr
    assert len(list(root.glob("smoke/*/run.json"))) == 12
    for mine in (tmp_path / "here" / "smoke").glob("*/run.json"):
        assert_same(mine.parent, root / "smoke" / mine.parent.name)


def lost_of(plan):
    states = read_states(plan)
    return {run.folder for run in plan.runs if states[run.key].name == "lost"}
