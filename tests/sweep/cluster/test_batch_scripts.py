"""Scripts that are submitted by hand: they say what the launcher asks for, and do the runs that a launch does."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from src.errors import ConfigError
from src.sweep.cluster import batch_scripts
from src.sweep.cluster.batch_scripts import write_scripts
from src.sweep.grid.snapshot import take_snapshot
from src.sweep.states import read_states

ASKED = ("hydra.launcher.partition=h100", "hydra.launcher.gpus_per_node=1", "hydra.launcher.mem_gb=80")


@pytest.fixture
def make_scripts(write_sweep, planned, tmp_path):
    """make_scripts(dialect, *overrides): the plan of a small sweep, and its scripts without a copy of the code."""

    def make(dialect, *overrides, per_job=1, grid=None):
        plan = planned(write_sweep(**(grid or {"seed": "0,1,2"})), *overrides, launcher="print")
        return plan, write_scripts(plan, plan.runs, tmp_path / "the code", per_job, dialect)

    return make


def lines(path, start):
    return [line for line in path.read_text().splitlines() if line.startswith(start)]


@pytest.mark.parametrize("dialect", ["slurm", "pbs", "lsf"])
def test_every_script_is_one_that_bash_can_read(make_scripts, dialect):
    _, paths = make_scripts(dialect, *ASKED)
    for path in paths:
        subprocess.run(["bash", "-n", path], check=True)


def test_slurm_is_asked_for_array_requeue_signal_and_resources(make_scripts):
    _, (path,) = make_scripts("slurm", *ASKED)
    said = " ".join(lines(path, "#SBATCH"))
    for words in ("--array=0-2%64", "--requeue", "--signal=USR2@180", "--partition=h100", "--time=240",
                  "--gpus-per-node=1", "--mem=80G", "--nodes=1", "--ntasks-per-node=1"):  # fmt: skip
        assert words in said, words


def test_the_hints_for_others_ask_for_the_same(make_scripts):
    _, (path,) = make_scripts("pbs", *ASKED)
    said = " ".join(lines(path, "#PBS"))
    for words in ("-J 0-2%64", "-r y", "select=1:ncpus=1:ngpus=1:mem=80gb", "walltime=04:00:00", "-q h100"):
        assert words in said, words
    _, (path,) = make_scripts("lsf", *ASKED)
    said = " ".join(lines(path, "#BSUB"))
    for words in ("[1-3]%64", "-r", "-wa USR2 -wt 3", "-W 240", "-gpu num=1", "mem=80GB", "-q h100"):
        assert words in said, words


def test_one_file_a_shape_and_array(make_scripts, monkeypatch):
    monkeypatch.setattr(batch_scripts, "max_array_size", lambda: 2)
    grid = {"seed": "0,1,2"}
    plan, paths = make_scripts("slurm", grid=grid)
    assert [lines(path, "#SBATCH --array")[0][-6:] for path in paths] == ["0-1%64", "0-0%64"]
    tasks = [line for path in paths for line in path.with_suffix(".tasks").read_text().splitlines()]
    assert len(tasks) == len(plan.runs)


@pytest.mark.parametrize(
    ("dialect", "overrides", "said"),
    [
        ("sge", (), "accepted: slurm, pbs, lsf"),
        ("pbs", ("hydra.launcher.nodes=2", "train=fsdp"), "accepted: slurm"),
    ],
)
def test_what_cannot_be_written_is_refused(make_scripts, dialect, overrides, said):
    with pytest.raises(ConfigError, match=said):
        make_scripts(dialect, *overrides)


@pytest.mark.parametrize(("dialect", "first"), [("slurm", 0), ("pbs", 0), ("lsf", 1)])
def test_an_element_is_given_its_own_runs(make_scripts, tmp_path, dialect, first):
    """The payload with a program in place of Python that tells what it was called with."""
    _, (path,) = make_scripts(dialect, per_job=2)
    (tmp_path / "the code").mkdir()
    text = re.sub(r"exec \$starter \S+ -m", "exec echo", path.read_text())
    variable = {"slurm": "SLURM_ARRAY_TASK_ID", "pbs": "PBS_ARRAY_INDEX", "lsf": "LSB_JOBINDEX"}[dialect]
    seeds = []
    for element in (first, first + 1):
        done = subprocess.run(["bash", "-c", text], env={**os.environ, variable: str(element)},
                              capture_output=True, text=True, check=True)  # fmt: skip
        _, *files = done.stdout.split()
        seeds.append([json.loads(Path(file).read_text())["config"]["seed"] for file in files])
    assert seeds == [[0, 1], [2]]


def test_the_payload_does_the_run_that_the_plan_has(write_sweep, planned, tmp_path):
    plan = planned(write_sweep(seed="3,4"), "metrics=none", "train.max_steps=1", launcher="print")
    (path,) = write_scripts(plan, plan.runs, take_snapshot(plan.folder), 1, "slurm")
    environment = {key: value for key, value in os.environ.items() if not key.startswith("SLURM")}
    done = subprocess.run(["bash", path], env={**environment, "SLURM_ARRAY_TASK_ID": "1"}, capture_output=True,
                          text=True, check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert {run.config.seed: read_states(plan)[run.key].name for run in plan.runs} == {3: "new", 4: "done"}
    assert json.loads((plan.runs[1].folder / "run.json").read_text())["id"] == plan.runs[1].id
