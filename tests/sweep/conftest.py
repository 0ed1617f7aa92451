"""What the sweep tests share: small sweeps' files, the command, folders that look like runs."""

import json
import os
import subprocess
from pathlib import Path

import pytest
import yaml

from src.storage import owner
from src.sweep.grid.planned_runs import make_plan
from src.sweep.grid.spec import read_sweep
from tests.forked import Command

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def write_sweep(tmp_path):
    """Write a sweep's file of tiny runs in the test's folder: write_sweep(cells=[...], **grid)."""

    def write(cells=(), launcher=None, name="tiny", **grid):
        section = {"cells": list(cells)} | ({"launcher": launcher} if launcher else {})
        content = {
            "defaults": ["config", {"override debug": "smoke"}, {"override evaluate": "none"}, "_self_"],
            "paths": {"runs_dir": str(tmp_path / "runs"), "cache_dir": str(tmp_path / "cache")},
            "hydra": {"mode": "MULTIRUN", "sweeper": {"params": grid}},
            "sweep": section,
        }
        path = tmp_path / f"{name}.yaml"
        path.write_text(yaml.safe_dump(content, sort_keys=False))
        return path

    return write


@pytest.fixture
def planned():
    """The plan of a sweep's file."""

    def plan(path, *overrides, launcher=None):
        return make_plan(read_sweep(path, list(overrides), launcher))

    return plan


@pytest.fixture
def sweep():
    """Start `python -m src.sweep ...`; `wait=False` gives the process."""

    def run(*arguments, wait=True, **environment):
        process = Command("src.sweep", *arguments, env={**os.environ, "OMP_NUM_THREADS": "1", **environment})
        if not wait:
            return process
        output, errors = process.communicate(timeout=400)
        return subprocess.CompletedProcess(process.args, process.returncode, output, errors)

    return run


@pytest.fixture
def finish():
    """Make a run's folder look finished, failed, preempted, killed or in use."""

    def make(run, status="success", **more):
        run.folder.mkdir(parents=True, exist_ok=True)
        (run.folder / "config.yaml").write_text("seed: 0\n")
        record = {"status": status, "id": run.id, **more}
        (run.folder / "run.json").write_text(json.dumps(record))

    return make


@pytest.fixture
def hold():
    """Give a run's folder a holder: by default one on another machine, whose heart beat so long ago."""

    def make(run, seconds_ago=0.0, **fields):
        run.folder.mkdir(parents=True, exist_ok=True)
        values = {**vars(owner.myself()), "host": "node7", "boot": "another", **fields}
        owner.write_owner(run.folder, owner.Owner(**values))
        path = run.folder / owner.NAME
        beat = path.stat().st_mtime - seconds_ago
        os.utime(path, (beat, beat))

    return make


class Scontrol:
    """A program `scontrol` that notes what it is asked and answers as a shell script says."""

    def __init__(self, folder):
        self._program, self._asked = folder / "scontrol", folder / "asked"
        folder.mkdir()
        self.answer("echo JobState=RUNNING Reason=None")

    def answer(self, script):
        """`$1` is show or requeue, `$n` the number of the call."""
        count = f'echo "$*" >> {self._asked}; n=$(wc -l < {self._asked})'
        self._program.write_text(f"#!/bin/sh\n{count}\n{script}\n")
        self._program.chmod(0o755)

    def asked(self):
        return self._asked.read_text().splitlines() if self._asked.exists() else []


@pytest.fixture
def scontrol(tmp_path, monkeypatch):
    """This process is job 7 of a SLURM, which puts it back into the queue."""
    program = Scontrol(tmp_path / "slurm")
    monkeypatch.setenv("PATH", f"{tmp_path / 'slurm'}:{os.environ['PATH']}")
    monkeypatch.setenv("SLURM_JOB_ID", "7")
    for name in ("SLURM_ARRAY_JOB_ID", "SLURM_ARRAY_TASK_ID", "SLURM_RESTART_COUNT", "SLURM_PROCID"):
        monkeypatch.delenv(name, raising=False)
    return program
