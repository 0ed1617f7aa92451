"""A cluster for all tests of this folder, and sweeps of tiny runs on it."""

import getpass
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from one_node import OneNode

ROOT = Path(__file__).resolve().parents[2]
LIMITS = {"hydra.launcher.timeout_min": 30, "hydra.launcher.signal_delay_s": 30}


@pytest.fixture(scope="session")
def node(tmp_path_factory):
    with OneNode(tmp_path_factory.mktemp("slurm") / "node") as running:
        yield running


@pytest.fixture
def cluster(node):
    """The cluster; what a test leaves in its queue is cancelled."""
    yield node
    subprocess.run(["scancel", "-u", getpass.getuser()], check=True)


@pytest.fixture
def write_sweep(cluster, tmp_path):
    """Write the file of a sweep of tiny runs, which it keeps in the folder `root` of the test."""

    def write(root, launcher="slurm", sections=None, cells=(), **grid):
        if launcher == "slurm":
            grid |= LIMITS
        content = {
            "defaults": ["config", {"override debug": "smoke"}, {"override evaluate": "none"}, "_self_"],
            "paths": {"runs_dir": str(tmp_path / root), "cache_dir": str(tmp_path / "cache")},
            "metrics": {"num_token_samples": 8},
            "hydra": {"sweeper": {"params": grid}},
            "sweep": {"launcher": launcher, "cells": list(cells)},
            **(sections or {}),
        }
        path = tmp_path / f"{root}.yaml"
        path.write_text(yaml.safe_dump(content, sort_keys=False))
        return path

    return write


@pytest.fixture
def command():
    """`python -m src.sweep ...` in a checkout, this one by default; `wait=False` gives the process."""

    def run(*arguments, cwd=ROOT, wait=True, seconds=900):
        process = subprocess.Popen(
            [sys.executable, "-m", "src.sweep", *map(str, arguments)],
            cwd=cwd, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        if not wait:
            return process
        output, errors = process.communicate(timeout=seconds)
        return subprocess.CompletedProcess(process.args, process.returncode, output, errors)

    return run
