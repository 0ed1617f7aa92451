"""W&B mirrors the files: the run never depends on it, and whatever fails here costs a warning.

A server that is dead, hangs or dies on the way costs at most 30 s in all, and nothing of what was measured:
everything is in the run's files, and in `wandb/` for `wandb sync`.
"""

from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from src.config.schema import RunConfig
from src.probe.table.layer_table import LayerRow
from src.probe.table.layers_csv import read_layers
from src.record.folder import LAYERS, RunFolder
from src.runtime.preemption import EXIT_CODE, Preempted
from src.tracking import series
from src.tracking.account import refusal
from src.tracking.connection import attempts, first_line, forget, later, let_go, open_run, warn


class Tracker:
    """One W&B run with the run's own id; `with Tracker(...) as tracker`."""

    def __init__(self, config: RunConfig, run_id: str, folder: Path) -> None:
        self.config, self.run_id, self.folder = config, run_id, folder
        self._run: Any = None
        self._mode = config.record.mode
        self._replaced: set[Path] = set()
        self._counts: dict[str, int] = {}
        self._num_steps, self._profiled = 0, False
        self._scored: set[str] = set()

    def __enter__(self) -> Self:
        if self._mode != "none":
            self._open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._run is None:
            return
        try:
            if kind is Preempted:
                self._run.mark_preempting()
            codes: dict[type[BaseException] | None, int] = {None: 0, Preempted: EXIT_CODE}
            self._run.finish(exit_code=codes.get(kind, 1))
            if self._mode == "online":
                self._mark_sent()
        except Exception as failure:
            warn(f"{first_line(failure)}; {later(self.folder)}", self.folder)
            let_go()
        forget(self._replaced)

    def step(self, row: dict[str, Any]) -> None:
        """Mirror one line of steps.jsonl; one that was mirrored before, as after a resume, is left out."""
        if row["step"] > self._num_steps:
            self._num_steps = row["step"]
            self._attempt(lambda run: run.log(series.step_values(row)))

    def scores(self, stage: str, scores: list[dict[str, Any]]) -> None:
        """Mirror the scores of a stage: base, tuned, or a step on the way."""
        if stage not in self._scored:
            self._scored.add(stage)
            step = series.score_step(stage, self._num_steps)
            self._attempt(lambda run: run.summary.update(series.score_summary(stage, scores)))
            self._attempt(lambda run: run.log(series.score_values(scores, step)))

    def layers(self, rows: list[LayerRow]) -> None:
        """Mirror layers.csv: a table, a line over the layers for each metric, a few single numbers."""
        if not self._profiled:
            self._profiled = True
            self._attempt(lambda run: self._log_layers(run, rows))

    def parameters(self, num_trainable: int, num_total: int) -> None:
        """Mirror the counts of parameters."""
        self._counts = {"params/trainable": num_trainable, "params/total": num_total}
        self._attempt(lambda run: run.summary.update(self._counts))

    def _log_layers(self, run: Any, rows: list[LayerRow]) -> None:
        import wandb

        reason = refusal() if self._mode == "online" else None
        if reason is not None:
            raise ConnectionError(reason)  # a table asks the server first, and would wait for half a minute
        data: list[Any] = [[getattr(row, column) for column in series.COLUMNS] for row in rows]
        run.summary.update(series.profile_summary(rows))
        for values in series.profile_values(rows):
            run.log(values)
        run.log({"layers": wandb.Table(columns=[*series.COLUMNS], data=data)})

    def _attempt(self, action: Callable[[Any], None]) -> None:
        """A mirror must not stop what it mirrors: where it breaks, it begins again offline, once."""
        if self._run is None:
            return
        try:
            action(self._run)
        except Exception as error:
            self._run = None
            let_go()
            again = self._mode == "online"
            warn(
                first_line(error) + (f"; offline from here, {later(self.folder)}" if again else ""),
                self.folder,
            )
            if again:
                self._mode = "offline"
                self._open()

    def _open(self) -> None:
        """Start a W&B run and log all that the run's files hold by now."""
        self._num_steps, self._profiled = 0, False
        self._scored.clear()
        self._replaced = attempts(self.folder)
        try:
            self._run, self._mode = open_run(self.config, self.run_id, self.folder, self._mode)
            self._catch_up()
        except Exception as error:
            warn(first_line(error), self.folder)

    def _catch_up(self) -> None:
        folder = RunFolder(self.folder)
        stages: dict[str, list[dict[str, Any]]] = {}
        for score in folder.scores():
            stages.setdefault(score["stage"], []).append(score)
        self._attempt(lambda run: run.summary.update(self._counts))
        for row in folder.steps():
            self.step(row)
        for stage, scores in stages.items():
            self.scores(stage, scores)
        if folder.has("probe"):
            self.layers(read_layers(self.folder / LAYERS))

    def _mark_sent(self) -> None:
        """Leave the mark by which `wandb sync` knows that this attempt is on the server as a whole."""
        for path in attempts(self.folder) - self._replaced:
            for log in path.glob("*.wandb"):
                log.with_suffix(".wandb.synced").touch()
