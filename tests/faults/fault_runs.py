"""Runs in processes of their own that can be killed at any moment; what must be true after; a count."""

import json
import os
import resource
import runpy
import signal
import sys
from collections import Counter
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

from safetensors.torch import load_file
from torch import equal

from src.config.schema import RunConfig

COUNTS: Counter[tuple[str, str]] = Counter()
SMALL = [
    "debug=smoke",
    "train.max_steps=6",
    "train.checkpoint_steps=2",
    "model.num_blocks=4",
    "evaluate.every_steps=3",
]
"""A tiny run with every kind of file: base and intermediate scores, checkpoints, adapter, tables, record."""


def work(
    config: RunConfig,
    events: int | None,
    output: str,
    number: int = signal.SIGKILL,
    largest: int | None = None,
) -> None:
    """One run in its own process.

    Args:
        config: of the run.
        events: a signal comes just before its so-many-th change of a file.
        output: a file for what it says.
        number: the signal.
        largest: bytes that a file may have, as a quota or `ulimit -f` has it.
    """
    from src.errors import UserError
    from src.run import execute
    from src.runtime.preemption import listening

    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
    if largest is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))
    changes = Changes(config.paths.runs_dir, config.paths.cache_dir, kill_at=events, number=number)
    sys.addaudithook(changes.hear)
    with Path(output).open("a") as said, redirect_stdout(said), redirect_stderr(said):
        try:
            with listening():
                execute(config)
            print("changes", changes.seen)
        except UserError as error:
            print(f"strata: {error}")
            sys.exit(2)


class Changes:
    """Hears from Python's own auditing of every change of a file below some folders, just before it happens."""

    NAMES = frozenset({"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.utime", "os.truncate"})

    def __init__(self, *folders: str, kill_at: int | None, number: int) -> None:
        self.folders, self.kill_at, self.number, self.seen = folders, kill_at, number, 0

    def hear(self, event: str, given: tuple) -> None:
        writes = event == "open" and isinstance(given[1], str) and set(given[1]) & set("wax+")
        if not (event in self.NAMES or writes) or not str(given[0]).startswith(self.folders):
            return
        self.seen += 1
        if self.seen == self.kill_at:
            os.kill(os.getpid(), self.number)


def only_run(runs: Path) -> Path:
    """The folder of the one run: fails if a run was doubled."""
    (folder,) = (path.parent for path in runs.glob("*/*/config.yaml"))
    return folder


def assert_same(folder: Path, expected: Path) -> None:
    """Every number of a run is that of the undisturbed one, bit for bit; nothing half-written is left."""
    record = json.loads((folder / "run.json").read_text())
    theirs = json.loads((expected / "run.json").read_text())
    assert record["status"] == "success"
    for key in ("scores", "profiles", "spearman", "params", "id"):
        assert record[key] == theirs[key], key
    assert steps_of(folder) == steps_of(expected)
    ours, others = (load_file(path / "adapter" / "adapter_model.safetensors") for path in (folder, expected))
    assert ours.keys() == others.keys()
    assert all(equal(ours[name], others[name]) for name in ours)
    for name in ("layers.csv", "scores.json", "samples.jsonl"):
        assert (folder / name).read_text() == (expected / name).read_text(), name
    left = [
        path for path in folder.rglob("*") if path.name.startswith((".partial-", "checkpoint-", "lock.json"))
    ]
    assert not left


def steps_of(folder: Path) -> list[dict]:
    """The step log without what a clock told."""
    lines = (folder / "steps.jsonl").read_text().splitlines()
    return [{key: value for key, value in json.loads(line).items() if key != "seconds"} for line in lines]


def count(fault: str, outcome: str, times: int = 1) -> None:
    """Note for the table at the end how often a fault came to an outcome."""
    COUNTS[fault, outcome] += times


def command(arguments: list[str], folder: str, events: int | None, output: str, number: int) -> None:
    """`python -m ARGUMENTS` in its own process, as `work` does it for a run; changes below `folder` count."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    changes = Changes(folder, kill_at=events, number=number)
    sys.addaudithook(changes.hear)
    module, *sys.argv[1:] = arguments
    with Path(output).open("w") as said, redirect_stdout(said), redirect_stderr(said):
        try:
            runpy.run_module(module, run_name="__main__", alter_sys=True)
        finally:
            print("changes", changes.seen)
