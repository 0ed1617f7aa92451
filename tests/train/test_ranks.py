"""Two processes train what one does: same losses, same weights within float tolerance; one goes on for two."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from unittest.mock import patch

import pytest
import torch
from safetensors.torch import load_file

from src.errors import ConfigError
from src.run import execute
from src.train.ranks import Ranks
from tests.forked import Command, run_together, start_together

ROOT = Path(__file__).resolve().parents[2]
SMALL = [
    "debug=smoke", "model.num_blocks=4", "metrics=none", "evaluate.limit=2", "method.dropout=0.0",
    "train.max_steps=6", "train.batch_size=4", "train.gradient_accumulation_steps=2",
]  # fmt: skip


@pytest.fixture
def given(tmp_path):
    """Overrides of a run on so many processes that writes to `root`."""

    def overrides(num_processes, *more, root="runs"):
        paths = [f"paths.runs_dir={tmp_path / root}", f"paths.cache_dir={tmp_path / 'cache'}"]
        return [*SMALL, *paths, f"train.num_processes={num_processes}", *more]

    return overrides


@pytest.fixture
def begin(given):
    """Start `python -m src.run`."""
    return lambda *arguments, **values: Command("src.run", *given(*arguments, **values))


@pytest.fixture
def torchrun(given):
    """Two processes of it, started by torchrun itself, to their end."""

    def end(*arguments, **values):
        command = [*TORCHRUN, "-m", "src.run", *given(*arguments, **values)]
        env = {**os.environ, "OMP_NUM_THREADS": "1"}
        return subprocess.run(command, cwd=ROOT, env=env, text=True, timeout=200, capture_output=True)

    return end


@pytest.fixture
def run(begin, given, make_config, tmp_path):
    """A run to its end, on one process in this one; its folder.

    On more, rank 0 starts the others, each of which imports everything; `together` they are started as by
    torchrun, and from what is imported already.
    """

    def wait(num_processes, *overrides, root="runs", together=False):
        if num_processes == 1:
            execute(make_config(*given(1, *overrides, root=root)))
        elif together:
            ended = run_together(num_processes, "src.run", *given(num_processes, *overrides, root=root))
            assert [one.returncode for one in ended] == [0] * num_processes, ended[0].stderr[-4000:]
        else:
            process = begin(num_processes, *overrides, root=root)
            _, errors = process.communicate(timeout=500)
            assert process.returncode == 0, errors[-4000:]
        (folder,) = (path.parent for path in (tmp_path / root).glob("smoke/*/run.json"))
        return folder

    return wait


def steps_of(folder):
    return [json.loads(line) for line in (folder / "steps.jsonl").read_text().splitlines()]


def weights_of(folder):
    (path,) = (folder / "adapter").glob("*.safetensors")
    return load_file(path)


def assert_close(mine, theirs):
    """The same steps within what the order of a sum decides."""
    for ours, others in zip(steps_of(mine), steps_of(theirs), strict=True):
        for key in ("step", "tokens", "supervised_tokens", "learning_rate"):
            assert ours[key] == others[key]
        for key in ("loss", "gradient_norm"):
            assert ours[key] == pytest.approx(others[key], rel=2e-4)
    one, two = weights_of(mine), weights_of(theirs)
    assert one.keys() == two.keys()
    for name in one:
        torch.testing.assert_close(one[name], two[name], rtol=1e-3, atol=2e-5)


@pytest.mark.parametrize(("method", "together"), [("midblock", False), ("full", True)])
def test_two_processes_give_the_losses_and_the_weights_of_one(run, tmp_path, method, together):
    one, two = (run(count, f"method={method}", root=f"of-{count}", together=together) for count in (1, 2))
    assert one.name == two.name  # the number of processes is no part of a run's identity
    assert_close(two, one)
    losses = [step["loss"] for step in steps_of(one)]
    assert losses[-1] < losses[0]
    # what two have trained loads on one, and scores the same
    before = (two / "scores.json").read_text()
    (two / "run.json").unlink()
    (two / "stages" / "scores-tuned.json").unlink()
    again = run(1, f"method={method}", root="of-2")
    assert (again / "scores.json").read_text() == before
    assert not list(two.glob("checkpoint-*"))


def test_a_run_that_was_stopped_on_two_goes_on_with_one(given, run, tmp_path):
    longer = ("train.max_steps=30", "train.checkpoint_steps=100", "evaluate=none")
    ranks = start_together(2, "src.run", *given(2, *longer))
    end = time.monotonic() + 300
    while not any(path.read_bytes().count(b"\n") >= 3 for path in (tmp_path / "runs").rglob("steps.jsonl")):
        assert time.monotonic() < end and all(rank.poll() is None for rank in ranks)
        time.sleep(0.02)
    ranks[0].send_signal(signal.SIGTERM)
    errors = [rank.communicate(timeout=300)[1] for rank in ranks]
    assert ranks[0].returncode == 75, errors[0][-3000:]
    (checkpoint,) = (tmp_path / "runs").glob("smoke/*/checkpoint-*")
    assert len(list((checkpoint / "state").glob("*.safetensors"))) == 2
    stopped = int(checkpoint.name.partition("-")[2])
    assert 3 <= stopped < 30
    copy = tmp_path / "copy"
    shutil.copytree(tmp_path / "runs", copy)
    whole = run(1, *longer, root="whole")
    for number, root in ((1, "runs"), (2, "copy")):
        folder = run(number, *longer, root=root, together=True)
        assert [step["step"] for step in steps_of(folder)] == list(range(1, 31))
        assert_close(folder, whole)


@pytest.mark.parametrize(
    ("overrides", "line"),
    [
        (["train.batch_size=3"], "train.batch_size: given 3; accepted: a multiple of train.num_processes=2"),
        (
            ["evaluate.every_steps=2"],
            "with evaluate.every_steps=2'; accepted: evaluate.every_steps=null, or 1",
        ),
        (["train.num_processes=0"], "train.num_processes: given 0; accepted: a number of at least 1"),
    ],
)
def test_what_shards_cannot_do_is_refused_at_the_door(make_config, overrides, line):
    with pytest.raises(ConfigError) as refused:
        make_config("train.num_processes=2", *overrides)
    assert line in str(refused.value)


TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]


@pytest.mark.parametrize("several", [False, True], ids=["one run", "two runs, one after the other"])
def test_of_two_that_were_started_one_composes_and_both_train(torchrun, given, run, tmp_path, several):
    seeds = ("seed=0,1", "-m") if several else ("seed=0",)
    place = f"{tmp_path / 'composed'}/${{oc.env:RANK}}"  # where whoever composes leaves its configuration
    left = (f"hydra.run.dir={place}", f"hydra.sweep.dir={place}", "hydra.output_subdir=hydra")
    asked = (2, *left, "evaluate=none", *seeds)
    ended = (
        [torchrun(*asked, root="two")] if several else run_together(2, "src.run", *given(*asked, root="two"))
    )
    assert {one.returncode for one in ended} == {0}, [one.stderr[-4000:] for one in ended]
    folders = {
        json.loads(path.read_text())["seed"]: path.parent for path in tmp_path.glob("two/*/*/run.json")
    }
    assert sorted(folders) == ([0, 1] if several else [0])
    assert [path.name for path in (tmp_path / "composed").iterdir()] == ["0"]
    for seed, folder in folders.items():
        assert "num_processes: 2" in (folder / "config.yaml").read_text()
        assert_close(folder, run(1, f"seed={seed}", "evaluate=none", root=f"one{seed}"))


def test_of_two_that_were_started_one_says_what_is_wrong_and_nobody_waits(given):
    ended = run_together(2, "src.run", *given(3, "train.batch_size=6"))
    assert [one.returncode for one in ended] == [2, 0]
    line = "strata: train.num_processes: given 3; accepted: 2, the processes that were started"
    assert "".join(one.stderr for one in ended).count(line) == 1


def test_processes_that_were_started_must_be_those_of_the_run(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "4")
    monkeypatch.setenv("RANK", "1")
    with pytest.raises(ConfigError, match="train.num_processes: given 2; accepted: 4"):
        Ranks(2)
    assert Ranks(4).rank == 1


STEP = {
    "SLURM_JOB_ID": "7",
    "SLURM_JOB_NODELIST": "node[7-8]",
    "SLURM_JOB_NUM_NODES": "2",
    "SLURM_NTASKS": "2",
}


@pytest.mark.parametrize(
    ("more", "rank", "world"),
    [
        ({"SLURM_STEP_ID": "0", "SLURM_PROCID": "1", "SLURM_LOCALID": "0"}, 1, "2"),
        ({"SLURM_STEP_ID": "0", "SLURM_PROCID": "0", "SLURM_LOCALID": "0"}, 0, "2"),
        ({"SUBMITIT_EXECUTOR": "slurm", "SLURM_PROCID": "1", "SLURM_LOCALID": "0"}, 1, "2"),
        ({"SLURM_PROCID": "0", "SLURM_LOCALID": "0"}, 0, None),
        ({}, 0, None),
    ],
    ids=["srun", "srun, rank 0", "submitit", "batch script", "salloc"],
)
def test_ranks_are_those_that_slurm_has_started(more, rank, world):
    with patch.dict(os.environ, STEP | more):
        for _ in range(2):  # several runs one after the other
            assert Ranks(2).rank == rank
        assert os.environ.get("WORLD_SIZE") == world
        if world is not None:
            assert (os.environ["MASTER_ADDR"], os.environ["LOCAL_RANK"]) == ("node7", "0")


def test_tasks_of_srun_that_the_run_does_not_ask_for_are_refused():
    step = STEP | {"SLURM_STEP_ID": "0", "SLURM_PROCID": "1"}
    with patch.dict(os.environ, step), pytest.raises(ConfigError, match="given 1; accepted: 2"):
        Ranks(1)
    with patch.dict(os.environ, step | {"SLURM_STEP_NUM_TASKS": "1", "SLURM_PROCID": "0"}):
        assert Ranks(1).rank == 0  # one step of a job that has room for two
