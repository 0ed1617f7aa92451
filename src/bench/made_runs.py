"""Run folders as a study would leave them, with made-up numbers: for tests of the report and its size.

Nothing is trained. Every record says so (`made_up: true`), and the report repeats it.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy
import pandas
import yaml

from src.command.compose import run_config
from src.config.schema import RunConfig
from src.method.band import band_blocks
from src.metrics.catalog import METRICS
from src.record.schema_version import SCHEMA_VERSION

NUM_BLOCKS = 30
BANDS = {
    "whole": (0.0, 1.0), "01110": (0.2, 0.8), "01100": (0.2, 0.6), "00110": (0.4, 0.8), "10000": (0.0, 0.2),
    "01000": (0.2, 0.4), "00100": (0.4, 0.6), "00010": (0.6, 0.8), "00001": (0.8, 1.0), "random": (0.2, 0.8),
}  # fmt: skip
STEPS = 60


@dataclass(frozen=True)
class MadeStudy:
    """What to make up."""

    bands: tuple[str, ...] = tuple(BANDS)
    scalings: tuple[str, ...] = ("fixed_alpha", "alpha_over_r")
    seeds: tuple[int, ...] = (0, 1, 2)
    effects: Mapping[str, float] = field(default_factory=dict)
    """What a band adds to the chance of a right answer of the whole stack, 0.35; 0 where it is not named."""
    seed_spread: float = 0.01
    """Standard deviation over seeds of that chance."""
    tasks: Mapping[str, int] = field(default_factory=lambda: {"heldout": 200, "gcd": 100})
    """Items a task."""
    metrics: str = "core"
    """A file of conf/metrics."""


def make_runs(folder: Path, made: MadeStudy = MadeStudy()) -> int:
    """Write a finished run for each band, scaling and seed below `folder`; how many there are."""
    config = replace(run_config("record=none", f"metrics={made.metrics}"), experiment=folder.name)
    hard = {task: numpy.random.default_rng(7).normal(0, 0.15, n) for task, n in made.tasks.items()}
    names = [(band, scaling, seed) for band in made.bands for scaling in made.scalings for seed in made.seeds]
    for index, (band, scaling, seed) in enumerate(names):
        run = folder / f"lora-smollm2_135m-arithmetic-s{seed}-{index:010x}"
        run.mkdir(parents=True)
        _Making(run, config, made, band, scaling, seed, hard).write()
    return len(names)


@dataclass
class _Making:
    folder: Path
    config: RunConfig
    made: MadeStudy
    band: str
    scaling: str
    seed: int
    hard: dict[str, numpy.ndarray]

    def write(self) -> None:
        self.random = numpy.random.default_rng([self.seed, len(self.scaling), *self.band.encode()])
        start, stop = BANDS[self.band]
        self.blocks = list(band_blocks(start, stop, NUM_BLOCKS))
        if self.band == "random":
            self.blocks = sorted(self.random.permutation(NUM_BLOCKS)[: len(self.blocks)].tolist())
        self.rank = 16 * NUM_BLOCKS // len(self.blocks)
        samples, scores = self._answers()
        self._text("config.yaml", yaml.safe_dump(self._config(start, stop), sort_keys=False))
        self._layers().to_csv(self.folder / "layers.csv", index=False)
        self._text("steps.jsonl", self._steps())
        self._text("samples.jsonl", "".join(json.dumps(row) + "\n" for row in samples))
        self._text("run.json", json.dumps(self._record(scores)))

    def _text(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text, encoding="utf-8")

    def _config(self, start: float, stop: float) -> dict[str, Any]:
        config = asdict(self.config) | {"seed": self.seed}
        config["band"] = {"name": self.band, "start": start, "stop": stop, "random": self.band == "random"}
        config["method"] |= {"scaling": self.scaling, "budget": "rank"}
        return config

    def _answers(self) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """Right or wrong, item by item: some items are hard for every run."""
        samples, scores = [], []
        ability = 0.35 + self.made.effects.get(self.band, 0.0) + self.random.normal(0, self.made.seed_spread)
        for stage, level in (("base", 0.13), ("tuned", ability)):
            for task, hard in self.hard.items():
                draw = numpy.random.default_rng(5) if stage == "base" else self.random
                right = (draw.uniform(size=len(hard)) < level + hard).astype(float)
                samples += [self._sample(stage, task, i, value) for i, value in enumerate(right)]
                stderr = float(right.std(ddof=1) / math.sqrt(len(right)))
                one = {"stage": stage, "task": task, "metric": "exact_match", "value": float(right.mean())}
                scores.append(one | {"stderr": stderr, "n": len(right), "higher_is_better": True})
        return samples, scores

    def _sample(self, stage: str, task: str, item: int, value: float) -> dict[str, Any]:
        prompt = f"State the final answer to the following arithmetic problem: {item} + {3 * item} ="
        return {
            "stage": stage, "task": task, "filter": "none", "id": f"{item:016x}", "prompt": prompt,
            "target": str(4 * item), "response": f" {4 * item}.", "answer": str(4 * item),
            "scores": {"exact_match": value},
        }  # fmt: skip

    def _layers(self) -> pandas.DataFrame:
        depth = numpy.arange(NUM_BLOCKS + 1) / NUM_BLOCKS
        moved = numpy.cumsum([0.0, *(float(block in self.blocks) for block in range(NUM_BLOCKS))])
        change = (moved / moved[-1]) ** 2 * (1 + self.random.normal(0, 0.05))
        tables = []
        for name in self.config.metrics.names:
            pair = METRICS[name].needs in ("pair", "weights", "matrices")
            for stage in ("change",) if pair else ("base", "tuned"):
                noise = numpy.random.default_rng(len(name)).normal(0, 0.01, len(depth))
                value = 1 - 0.05 * change if METRICS[name].change == "similarity" else change + noise
                value = value if pair or stage == "tuned" else depth + noise
                tables.append({
                    "stage": stage, "layer": range(NUM_BLOCKS + 1), "depth": depth, "metric": name,
                    "value": value, "stderr": 0.01, "n": 200, "low": value - 0.02, "high": value + 0.02,
                })  # fmt: skip
        return pandas.concat([pandas.DataFrame(table) for table in tables])

    def _steps(self) -> str:
        rows = []
        for step in range(1, STEPS + 1):
            loss = 0.9 + 2.2 * math.exp(-step / 12) + float(self.random.normal(0, 0.05))
            rows.append({"step": step, "tokens": 1200, "supervised_tokens": 90, "loss": loss,
                         "learning_rate": 5e-4 * (1 - step / STEPS), "gradient_norm": 1.0,
                         "seconds": 0.9})  # fmt: skip
        return "".join(json.dumps(row) + "\n" for row in rows)

    def _record(self, scores: list[dict[str, Any]]) -> dict[str, Any]:
        scale = 32 / self.rank if self.scaling == "fixed_alpha" else 2.0
        lora = {"rank": self.rank, "alpha": scale * self.rank, "scale": scale, "rank_asked": 16,
                "alpha_asked": 32.0, "rank_units": self.rank * len(self.blocks)}  # fmt: skip
        groups = ("model", "method", "objective", "data", "train", "metrics", "evaluate")
        choices = {group: getattr(self.config, group).name for group in groups} | {"band": self.band}
        return {
            "schema_version": SCHEMA_VERSION, "id": self.folder.name, "status": "success", "made_up": True,
            "experiment": self.config.experiment, "written": f"2026-01-01T00:{self.seed:02d}:00+00:00",
            "git": {"commit": "0" * 40, "dirty": False},
            "hardware": {"device": "cpu", "processor": "made up", "cores": 2, "threads": 1, "gpu": None},
            "choices": choices, "seed": self.seed,
            "model": {"id": "made up", "fingerprint": "made up", "num_blocks": NUM_BLOCKS, "width": 576},
            "band": {"start": BANDS[self.band][0], "stop": BANDS[self.band][1], "blocks": self.blocks},
            "adapted": {"blocks": self.blocks, "modules": [], "lora": lora},
            "params": {"trainable": 7200 * self.rank * len(self.blocks), "total": 135_000_000},
            "data": {"source": "made up", "fingerprint": "made up", "num_train": 600, "num_probe": 200,
                     "num_test": self.made.tasks.get("heldout", 0)},
            "seconds": {"train": 60.0, "total": 95.0}, "scores": scores, "profiles": [], "spearman": [],
        }  # fmt: skip
