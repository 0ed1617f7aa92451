"""runs/<experiment>/<id>/: finished, unfinished, or new."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

from omegaconf import OmegaConf

from src.config.pair import PairConfig
from src.config.schema import RunConfig
from src.errors import ConfigError, StorageError
from src.storage.files import (
    ASIDE,
    as_written,
    read_json,
    read_jsonl,
    remove_partial,
    storage_reason,
    write_json,
    write_jsonl,
    write_text,
)

STEPS, SAMPLES, LAYERS = "steps.jsonl", "samples.jsonl", "layers.csv"
PUSH = "push"
"""The stage of a random update in place of training."""
PREEMPTED = "preempted.json"
"""Says that a run was asked to stop and has stopped, and goes on when it is started again."""


class RunFolder:
    """The folder of one run. What is complete has a file under stages/ and is not done again."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def finished(self) -> bool:
        """Whether the record says success; StorageError where it is no record."""
        record = self.path / "run.json"
        with as_written(self.path):
            return record.is_file() and read_json(record)["status"] == "success"

    def check_writable(self) -> None:
        """ConfigError unless files can be written beside this folder; nothing is left behind."""
        probe = self.path.parent / f"{ASIDE}writable-{uuid4().hex[:8]}"
        try:
            write_text(probe, "")
            probe.unlink()
        except (OSError, StorageError) as error:
            reason = storage_reason(error) or str(error)
            raise ConfigError(f"paths.runs_dir: {self.path.parent} cannot be written ({reason})") from error

    def open(self, config: RunConfig | PairConfig) -> None:
        """Make the folder and write config.yaml; leave an unfinished run's stages in place."""
        write_text(self.path / "config.yaml", OmegaConf.to_yaml(OmegaConf.structured(config)))
        for name in ("run.json", PREEMPTED):  # what an earlier attempt came to
            (self.path / name).unlink(missing_ok=True)
        remove_partial(self.path)
        self._move_samples()

    def has(self, name: str) -> bool:
        """Whether a stage is complete."""
        return (self.path / "stages" / f"{name}.json").is_file()

    def stage(self, name: str, compute: Callable[[], Any]) -> Any:
        """The JSON-like result of a stage: read if it is complete, else computed and kept."""
        path = self.path / "stages" / f"{name}.json"
        if path.is_file():
            return read_json(path)["result"]
        start = time.perf_counter()
        result = compute()
        write_json(path, {"seconds": round(time.perf_counter() - start, 2), "result": result})
        return result

    def result(self, name: str) -> Any:
        """The result of a complete stage."""
        return read_json(self.path / "stages" / f"{name}.json")["result"]

    def pushed(self) -> dict[str, Any] | None:
        """What the random push of a null came to; None for a run that trains."""
        path = self.path / "stages" / f"{PUSH}.json"
        return read_json(path)["result"] if path.is_file() else None

    def scores(self) -> list[dict[str, Any]]:
        """All scores, each with its stage: base, the steps between, tuned."""
        files = self._score_files()
        found = {stage: read_json(path)["result"]["scores"] for stage, path in files.items()}
        return [{"stage": stage, **row} for stage, rows in found.items() for row in rows]

    def scoring(self) -> dict[str, Any] | None:
        """How texts were framed, batched and continued for the scores; None without scores."""
        found = [read_json(path)["result"].get("settings") for path in self._score_files().values()]
        return found[-1] if found else None

    def samples(self) -> list[dict[str, Any]]:
        """All samples, each with its stage, in the order of the scores.

        Raises:
            StorageError: those of a complete stage are not all there.
        """
        path = self.path / SAMPLES
        found = read_jsonl(path) if path.is_file() else []
        counts = Counter(row["stage"] for row in found)
        for stage, scores in self._score_files().items():
            written = read_json(scores)["result"].get("num_samples")
            if written not in (None, counts[stage]):
                given = f"{counts[stage]} samples of {stage} instead of {written}"
                raise StorageError(f"{path}: {given}; remove {scores} to score again")
        return found

    def keep_samples(self, stage: str, samples: Sequence[dict[str, Any]]) -> None:
        """Put the samples of a stage among those of the others, in place of what a killed process left."""
        others = [row for row in self.samples() if row["stage"] != stage]
        mine = [{"stage": stage, **row} for row in samples]
        write_jsonl(self.path / SAMPLES, sorted([*others, *mine], key=lambda row: _stage_order(row["stage"])))

    def steps(self) -> list[dict[str, Any]]:
        """The step log so far; empty where nothing was trained."""
        path = self.path / STEPS
        return read_jsonl(path) if path.is_file() else []

    def seconds(self) -> dict[str, float]:
        """Seconds of each complete stage; training is the sum of its steps, also over several processes."""
        files = sorted(self._stage_files("*.json"), key=lambda path: path.stat().st_mtime)
        found = {path.stem: read_json(path)["seconds"] for path in files}
        if (self.path / STEPS).is_file():
            found["train"] = round(sum(row["seconds"] for row in self.steps()), 2)
        return found | {"total": round(sum(found.values()), 2)}

    def _move_samples(self) -> None:
        """An earlier version kept the samples of an unfinished run beside its scores: they move."""
        for stage, path in self._score_files().items():
            kept = read_json(path)
            if "samples" in kept["result"]:
                self.keep_samples(stage, kept["result"].pop("samples"))
                write_json(path, kept)

    def _score_files(self) -> dict[str, Path]:
        files = {path.stem.removeprefix("scores-"): path for path in self._stage_files("scores-*.json")}
        return {stage: files[stage] for stage in sorted(files, key=_stage_order)}

    def _stage_files(self, pattern: str) -> list[Path]:
        return list((self.path / "stages").glob(pattern))


def _stage_order(stage: str) -> tuple[int, int]:
    if stage.startswith("step-"):
        return 1, int(stage.removeprefix("step-"))
    return (0, 0) if stage == "base" else (2, 0)
