"""Sweeps on a real SLURM of one node: preemption, scancel, a partition that is not there."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from one_node import OneNode, missing

pytestmark = [pytest.mark.slurm, pytest.mark.skipif(missing() is not None, reason=f"no SLURM: {missing()}")]
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    with OneNode(tmp_path_factory.mktemp("slurm") / "node") as node:
        yield node


@pytest.fixture
def sweep(cluster, tmp_path):
    """Run the command on a sweep of two runs; the place of its files is part of the call."""

    def run(*arguments, root="there", launcher="slurm", seconds=200):
        content = {
            "defaults": ["config", {"override debug": "smoke"}, {"override evaluate": "none"}, "_self_"],
            "paths": {"runs_dir": str(tmp_path / root), "cache_dir": str(tmp_path / "cache")},
            "train": {"max_steps": 300}, "metrics": {"num_token_samples": 8},
            "hydra": {"sweeper": {"params": {"seed": "0,1"}}},
            "sweep": {"launcher": launcher},
        }  # fmt: skip
        path = tmp_path / f"{root}.yaml"
        path.write_text(yaml.safe_dump(content, sort_keys=False))
        extra = ["hydra.launcher.timeout_min=20", "hydra.launcher.signal_delay_s=30"]
        words = list(arguments)
        place = next((i + 1 for i, word in enumerate(words) if word in ("status", "rerun")), 0)
        words.insert(place, str(path))
        command = [sys.executable, "-m", "src.sweep", *words, *(extra if launcher == "slurm" else [])]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=seconds)

    return run


def steps_of(folder):
    lines = (folder / "steps.jsonl").read_text().splitlines()
    return [{key: value for key, value in json.loads(line).items() if key != "seconds"} for line in lines]


def wait_for(condition, seconds=90):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, subprocess.run(["squeue"], capture_output=True, text=True).stdout
        time.sleep(0.3)


def training(root):
    logs = list(root.glob("*/*/steps.jsonl"))
    return len(logs) == 2 and all(log.read_bytes().count(b"\n") > 5 for log in logs)


def squeue():
    return subprocess.run(["squeue", "-h", "-r"], capture_output=True, text=True).stdout.strip()


def test_a_partition_that_does_not_exist_is_one_line_and_nothing_is_submitted(sweep):
    done = sweep("hydra.launcher.partition=nope")
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].endswith("given 'nope'; accepted: high, low")
    assert squeue() == ""


def test_preempted_runs_go_back_into_the_queue_and_end_as_undisturbed_ones(sweep, tmp_path):
    assert "2 runs: 2 done" in sweep("--jobs", "2", root="here", launcher="local").stdout
    assert sweep().returncode == 0
    wait_for(lambda: training(tmp_path / "there"))
    subprocess.run(["sbatch", "-p", "high", "-n", "2", "-o", os.devnull, "--wrap", "sleep 3"], check=True)
    wait_for(lambda: list((tmp_path / "there").glob("*/*/preempted.json")))
    assert "2 runs: 2 done" in sweep("--wait").stdout
    logs = "".join(path.read_text() for path in (tmp_path / "there").rglob("*_log.out"))
    assert "put back into the queue" in logs
    for mine in (tmp_path / "here" / "smoke").glob("lora-*"):
        other = tmp_path / "there" / "smoke" / mine.name
        assert steps_of(mine) == steps_of(other)
        for name in ("scores.json", "layers.csv", "adapter/adapter_model.safetensors"):
            assert (mine / name).read_bytes() == (other / name).read_bytes()


def test_what_a_person_cancels_stays_cancelled_until_rerun(sweep, tmp_path):
    assert sweep().returncode == 0
    wait_for(lambda: training(tmp_path / "there"))
    subprocess.run(["scancel", "-u", "root"], check=True)
    wait_for(lambda: squeue() == "")
    time.sleep(8)  # a requeued job would wait for the credential's five seconds
    assert squeue() == ""
    assert sweep("status").stdout.splitlines()[-1] == "2 runs: 2 lost"
    assert "2 runs: 2 done" in sweep("rerun", "--failed", "--wait").stdout
