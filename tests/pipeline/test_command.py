"""The command as a user types it: kills, full disks, one-line errors."""

import json
import os
import random
import signal
import subprocess
import time
from pathlib import Path

import pytest
from safetensors.torch import load_file
from torch import equal

from src.run import execute

LONG = [
    "model.num_blocks=4",
    "train.max_steps=40",
    "train.checkpoint_steps=5",
    "train.gradient_accumulation_steps=2",
    "evaluate.every_steps=20",
]


def steps_of(folder):
    lines = (folder / "steps.jsonl").read_text().splitlines()
    return [{key: value for key, value in json.loads(line).items() if key != "seconds"} for line in lines]


def folder_of(tmp_path):
    (path,) = (tmp_path / "runs").rglob("config.yaml")
    return path.parent


def ended(process):
    """Exit status and the last line on standard error."""
    _, errors = process.communicate(timeout=300)
    return process.returncode, errors


def kill_when(process, condition):
    """SIGKILL as soon as something is true of the files; whether it was before the end."""
    while process.poll() is None:
        if condition():
            process.send_signal(signal.SIGKILL)
            process.communicate()
            return True
        time.sleep(0.01)
    return False


def test_killed_again_and_again_it_ends_bit_identical(command, make_config, paths, tmp_path):
    """SIGKILL at seeded moments of training, of probing and of scoring; then one run to the end."""
    whole = tmp_path / "whole"
    execute(make_config("debug=smoke", *LONG, *paths, f"paths.runs_dir={whole}"))
    draw = random.Random(0)
    killed = 0
    for moment in (draw.randint(1, 8), draw.randint(24, 34), "stages/train.json", "layers.csv"):

        def reached(moment=moment):
            found = list((tmp_path / "runs").glob("*/*/config.yaml"))  # not below: folders vanish there
            if not found:
                return False
            if isinstance(moment, str):
                return (found[0].parent / moment).is_file()
            log = found[0].parent / "steps.jsonl"
            return log.is_file() and log.read_bytes().count(b"\n") >= moment

        killed += kill_when(command(*LONG), reached)
    assert killed == 4
    status, errors = ended(command(*LONG))
    assert status == 0, errors
    expected, found = next(whole.rglob("config.yaml")).parent, folder_of(tmp_path)
    assert steps_of(found) == steps_of(expected)
    ours, theirs = (
        load_file(folder / "adapter" / "adapter_model.safetensors") for folder in (found, expected)
    )
    assert ours.keys() == theirs.keys()
    assert all(equal(ours[name], theirs[name]) for name in ours)
    for name in ("layers.csv", "scores.json", "samples.jsonl"):
        assert (found / name).read_text() == (expected / name).read_text()
    assert not list((tmp_path / "runs").rglob(".partial-*"))


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 4 MiB, where this user may mount one."""
    folder = tmp_path / "small"
    folder.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", folder], capture_output=True)
    if done.returncode:
        pytest.skip("a full disk needs a small file system, and this user may not mount one")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_full_disk_is_one_line_and_leaves_nothing_half_written(command, small_disk):
    (small_disk / "ballast").write_bytes(b"0" * 3_900_000)
    arguments = [f"paths.runs_dir={small_disk}/runs", "train.max_steps=12", "train.checkpoint_steps=3"]
    status, errors = ended(command(*arguments))
    assert status == 2, errors
    assert "no space left on device" in errors.splitlines()[-1]
    assert "Traceback" not in errors
    assert not list((small_disk / "runs").rglob("run.json"))
    assert not list((small_disk / "runs").rglob(".partial-*"))
    (small_disk / "ballast").unlink()
    status, errors = ended(command(*arguments))
    assert status == 0, errors


def test_a_runs_folder_that_cannot_be_written_is_refused_before_anything_is_done(command, tmp_path):
    (tmp_path / "file").write_text("")
    status, errors = ended(command(f"paths.runs_dir={tmp_path}/file/runs"))
    assert status == 2
    assert errors.splitlines()[-1].startswith("strata: paths.runs_dir: ")
    assert "Traceback" not in errors


@pytest.mark.parametrize(
    ("overrides", "line"),
    [
        (["model=nope"], "strata: model: given 'nope'; accepted: albert_base"),
        (["data=gsm8k", "data.path=nowhere.jsonl"], "nowhere.jsonl"),
        (["model=olmo2_7b"], "allenai/OLMo-2-1124-7B is not cached"),
    ],
)
def test_a_mistake_is_one_line_and_exit_status_two(command, overrides, line):
    status, errors = ended(command(*overrides, env={**os.environ, "HF_HUB_OFFLINE": "1"}))
    assert status == 2
    (last,) = [text for text in errors.splitlines() if text.startswith("strata: ")]
    assert line in last
    assert "Traceback" not in errors


def test_a_sweep_runs_every_member_and_tells_the_first_mistake(command, tmp_path):
    process = command("hydra.mode=MULTIRUN", "method=lora,frozen", "band.start=0.0,1.5")
    status, errors = ended(process)
    assert status == 2
    assert "band.start: given 1.5" in errors
    records = [json.loads(path.read_text()) for path in Path(tmp_path, "runs").rglob("run.json")]
    assert sorted(record["choices"]["method"] for record in records) == ["frozen", "lora"]
