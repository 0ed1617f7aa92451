"""The stages of one run, in order. Each is skipped when its result is already in the run's folder."""

import logging
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from src.config.schema import RunConfig
from src.control.describe import describe_control
from src.errors import LockedError, TrainingError, UserError
from src.method.weights import load_tuned, save_tuned
from src.model.content import model_content
from src.pipeline.assembly import Assembly
from src.pipeline.probe_stage import RunProbe
from src.pipeline.score_stage import RunScores, tell_scores
from src.pipeline.train_stage import run_training
from src.probe.table.layers_csv import read_layers, write_layers
from src.probe.table.spread import spread_over_seeds
from src.probe.table.summary import spearman_between, summarise
from src.record.folder import RunFolder
from src.record.identity import run_id
from src.record.provenance import forget_peak
from src.record.run_record import (
    describe_data,
    describe_items,
    describe_model,
    describe_run,
    write_failure,
    write_preempted,
    write_record,
)
from src.runtime.preemption import Preempted
from src.storage.files import write_json, write_jsonl
from src.storage.lock import RunLock
from src.tracking.mirror import Tracker
from src.train.checkpoint import checkpoints
from src.train.ranks import Ranks

_LOG = logging.getLogger(__name__)


class Pipeline(Assembly):
    """One run. The constructor reads the rows and knows the folder; `opened` loads the model."""

    def __init__(self, config: RunConfig, ranks: Ranks | None = None) -> None:
        super().__init__(config)
        self.ranks = ranks or Ranks(config.train.num_processes)
        self.id = run_id(config, self.splits.fingerprint, model_content(config.model))
        self.folder = RunFolder(Path(config.paths.runs_dir) / config.experiment / self.id)

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Everything that can be refused is refused before the folder exists; a failure is recorded."""
        forget_peak(self.device)
        self.folder.check_writable()
        self.control  # noqa: B018  (loads the model, adapts it, encodes the rows, groups the weights)
        with RunLock(self.folder.path) as self.lock:
            if self.folder.finished:
                raise LockedError(f"{self.folder.path}: another job has finished this run just now")
            self.folder.open(self.config)
            try:
                with Tracker(self.config, self.id, self.folder.path) as self.tracker:
                    self.tracker.parameters(self.adapted.num_trainable, self.adapted.num_total)
                    yield
            except Preempted:
                if not self.lock.lost:  # else another job's record is there
                    write_preempted(self.folder.path)
                raise
            except Exception as error:
                told = isinstance(error, TrainingError) or not isinstance(error, UserError)
                if told and not self.lock.lost:
                    write_failure(self.folder.path, self._description("failed"), error)
                raise

    def score_base(self) -> None:
        """Scores of the model before training."""
        self._keep_scores("base", self._scores.of_base)

    def train(self) -> None:
        """Train the band, or load the weights that an earlier process trained."""
        if self.config.method.kind == "none":
            return
        adapter = self.folder.path / "adapter"
        if self.folder.has("train"):
            load_tuned(self.adapted, adapter)
            return
        self._stage("train", lambda: self._train(adapter))

    def probe(self) -> None:
        """Measure every layer of base and tuned model; layers.csv."""
        self._stage("probe", self._probe)
        self.tracker.layers(read_layers(self.folder.path / "layers.csv"))

    def score_tuned(self) -> None:
        """Scores of the trained model."""
        if self.config.method.kind != "none":
            self._keep_scores("tuned", self._scores.of_tuned)

    def record(self) -> None:
        """Write the files that a reader opens, and the record last of all."""
        self.lock.check()
        scores, samples = self.folder.scores()
        write_json(self.folder.path / "scores.json", scores)
        write_jsonl(self.folder.path / "samples.jsonl", samples)
        layers = read_layers(self.folder.path / "layers.csv")
        found = {"scores": scores, "items": describe_items(samples)}
        found |= {"profiles": summarise(layers), "spearman": spearman_between(layers)}
        found["control"] = describe_control(self.config, self.folder.steps())
        write_record(self.folder.path, self._description("success") | found)
        for folder in checkpoints(self.folder.path):
            shutil.rmtree(folder)

    def _train(self, adapter: Path) -> dict[str, Any]:
        trained = run_training(self, self.ranks, self.folder.path, self._on_step)
        self.lock.check()
        save_tuned(self.adapted, adapter)
        first, last = trained.steps[0], trained.steps[-1]
        _LOG.info("trained: %d steps, loss %.3f -> %.3f", last["step"], first["loss"], last["loss"])
        return {"num_steps": trained.num_steps, "loss": last["loss"]}

    def _on_step(self, step: int, row: dict[str, Any]) -> None:
        self.lock.check()
        self.tracker.step(row)
        every = self.config.evaluate.every_steps
        if every and step % every == 0:
            self._keep_scores(f"step-{step}", self._scores.of_tuned)

    def _probe(self) -> dict[str, Any]:
        probe = RunProbe(self.adapted, self.objective, self.splits, self.encoded.rows, self.config)
        found = probe.measure(self.base, self.folder.steps())
        further = probe.measure_further(self.base)
        self.lock.check()
        if further:
            for seed, table in zip(self.config.probe.seeds, [found, *further], strict=True):
                write_layers(self.folder.path / f"layers-seed-{seed}.csv", table)
            found = spread_over_seeds([found, *further])
        write_layers(self.folder.path / "layers.csv", found)
        num_rows, names = len(self.splits.probe), ", ".join(self.config.metrics.names)
        _LOG.info("probed: %d rows, layers 0-%d: %s", num_rows, self.adapted.loaded.num_blocks, names)
        return {"num_rows": num_rows}

    def _stage(self, name: str, compute: Callable[[], Any]) -> Any:
        """A stage of the folder, which is written only while the folder is this job's."""

        def mine() -> Any:
            result = compute()
            self.lock.check()
            return result

        return self.folder.stage(name, mine)

    def _keep_scores(self, stage: str, compute: Callable[[], dict[str, Any]]) -> None:
        result = self._stage(f"scores-{stage}", compute)
        self.tracker.scores(stage, result["scores"])
        tell_scores(stage, result["scores"])

    @property
    def _scores(self) -> RunScores:
        return RunScores(self.adapted, self.splits.test, self.config, self.base)

    def _description(self, status: str) -> dict[str, Any]:
        return (
            describe_run(self.config, self.id, status, self.device)
            | describe_model(self.config, self.adapted)
            | {"data": describe_data(self.splits, self.encoded), "seconds": self.folder.seconds()}
        )
