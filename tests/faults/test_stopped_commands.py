"""SIGINT and SIGTERM just before a change of a file, in the commands beside src.run: one line, and it goes on."""

import random
import re
import shutil
import signal
from collections.abc import Callable
from itertools import cycle
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml
from fault_runs import command, count

from src.model.byte_tokenizer import byte_tokenizer
from src.model.tiny import build_tiny
from src.pipeline.pipeline import Pipeline
from src.run import execute
from src.runtime.preemption import EXIT_CODE
from tests.forked import FORKED

TIMES = 3
"""Places anywhere; one more among the last 2 %, as a sweep changes most files when it copies the code."""
LEARNS = [
    "debug=smoke",
    "model.num_blocks=4",
    "model.width=32",
    "train.max_steps=20",
    "train.learning_rate=0.02",
]


class Case(NamedTuple):
    """A command, where it writes, and which of its files have to be the same after a stop as without one."""

    arguments: Callable[[Path, Path], list[str]]
    """From the folder of a finished run and an empty one."""
    made: str
    """Below the experiment's folder or the empty one."""


CASES = {
    "report": Case(lambda run, out: ["src.report", str(run.parent)], "run/*/report/*"),
    "intervene": Case(
        lambda run, out: ["src.intervene", str(run), "--items", "8", "--batch", "2"],
        "run/*/*/intervene/**/*.csv",
    ),
    "swap": Case(
        lambda run, out: ["src.intervene", "swap", str(run), "--items", "4", "intervention.num_segments=3"],
        "run/*/*/intervene/**/*.csv",
    ),
    "suggest": Case(
        lambda run, out: ["src.suggest", str(run), "--by", "weight_change", "--out", str(out / "own.yaml")],
        "out/own.yaml",
    ),
    "export": Case(
        lambda run, out: [
            "src.export",
            str(run),
            "--to",
            "peft",
            "--base",
            "org/m",
            "--out",
            str(out / "to"),
        ],
        "out/to/*",
    ),
    "merged": Case(
        lambda run, out: ["src.export", str(run), "--merged", str(out / "merged")], "out/merged/*"
    ),
    "compare": Case(
        lambda run, out: [
            "src.compare",
            *(f"{side}={out.parent}/run/models/{side}" for side in ("base", "tuned")),
            "metrics.names=[weight_change,cka_debiased]",
            *FEW_ROWS,
            *paths(out),
        ],
        "out/runs/*/*/layers.csv",
    ),
    "sweep": Case(
        lambda run, out: ["src.sweep", str(out.parent / "run" / "tiny.yaml"), "--wait", *paths(out)],
        "out/runs/*/*/layers.csv",
    ),
}
FEW_ROWS = ["data.num_train=8", "data.num_probe=24", "data.num_test=8", "metrics.num_token_samples=8"]
SWEEP = {
    "defaults": ["config", {"override debug": "smoke"}, {"override evaluate": "none"}, "_self_"],
    "train": {"max_steps": 2},
    "hydra": {"mode": "MULTIRUN", "sweeper": {"params": {"seed": "0,1"}}},
}


def paths(out: Path) -> list[str]:
    """Runs and what is cached lie in the empty folder."""
    return [f"paths.runs_dir={out}/runs", f"paths.cache_dir={out}/cache"]


@pytest.fixture(scope="module")
def finished(make_config, tmp_path_factory):
    """A run that learned; beside it two models to compare and the file of a sweep."""
    root = tmp_path_factory.mktemp("finished")
    config = make_config(*LEARNS, f"paths.runs_dir={root}/run", f"paths.cache_dir={root}/cache")
    execute(config)
    for side, factor in (("base", 1), ("tuned", 1.5)):
        model = build_tiny("llama", 4, 32)
        model.model.layers[2].mlp.up_proj.weight.data.mul_(factor)
        model.save_pretrained(root / "run" / "models" / side)
        byte_tokenizer().save_pretrained(root / "run" / "models" / side)
    (root / "run" / "tiny.yaml").write_text(yaml.safe_dump(SWEEP))
    return Pipeline(config).folder.path


@pytest.mark.parametrize("name", CASES)
def test_it_ends_in_one_line_and_the_next_start_does_the_rest(name, finished, tmp_path):
    case = CASES[name]
    changes, expected = done(case, finished, tmp_path / "whole")
    assert expected
    draw = random.Random(name)
    places = {
        *draw.sample(range(1, changes + 1), min(TIMES, changes)),
        draw.randint(changes - changes // 50, changes),
    }
    stopped = 0
    for place, number in zip(sorted(places), cycle((signal.SIGINT, signal.SIGTERM)), strict=False):
        root = fresh(finished, tmp_path / str(place))
        status, said = ended(case, root, place, number)
        assert status in (0, EXIT_CODE, 128 + number), said
        assert "Traceback" not in said
        assert not left(root), left(root)
        if status:
            stopped += 1
            assert len(re.findall("stopped by|asked to stop: what is done", said)) == 1, said
        assert ended(case, root)[0] == 0
        assert files(root, case) == expected
        shutil.rmtree(root)
    assert stopped >= len(places) // 2  # a late one finds the work done
    count(f"a signal before one of {changes} changes of a file, {name}", "did the rest, bit for bit", stopped)


def done(case: Case, finished: Path, root: Path) -> tuple[int, dict[str, bytes]]:
    """Undisturbed: how often it changes a file, and what it makes."""
    fresh(finished, root)
    status, said = ended(case, root)
    assert status == 0, said
    return int(said.split("changes ")[-1]), files(root, case)


def fresh(finished: Path, root: Path) -> Path:
    """A place with a copy of the run; its names are the same everywhere below."""
    shutil.copytree(finished.parents[1], root / "run")
    (root / "out").mkdir()
    return root


def ended(case: Case, root: Path, events: int | None = None, number: int = signal.SIGTERM) -> tuple[int, str]:
    """Exit status, and what it said."""
    (run,) = (path.parent for path in root.glob("run/*/*/run.json"))
    given = (case.arguments(run, root / "out"), f"{root}/", events, f"{root}.txt", number)
    process = FORKED.Process(target=command, args=given)
    process.start()
    process.join(300)
    return process.exitcode, Path(f"{root}.txt").read_text()


def files(root: Path, case: Case) -> dict[str, bytes]:
    """What it made, without the place in which it lies."""
    found = sorted(path for path in root.glob(case.made) if path.is_file())
    return {
        str(path.relative_to(root)): path.read_bytes().replace(str(root).encode(), b"ROOT") for path in found
    }


def left(root: Path) -> list[Path]:
    """Half-written files, and locks of who has ended."""
    return [*root.rglob(".partial-*"), *root.rglob("lock.json")]
