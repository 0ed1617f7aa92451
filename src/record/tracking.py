"""W&B mirrors the files: the run never depends on it, and whatever fails here costs a warning."""

import logging
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from src.config.schema import RunConfig
from src.preemption import EXIT_CODE, Preempted
from src.probe.table import LayerRow

_LOG = logging.getLogger(__name__)
_SECONDS = 30  # what a dead server may cost at the start and at the end


class Tracker:
    """One W&B run with the run's own id; `with Tracker(...) as tracker`."""

    def __init__(self, config: RunConfig, run_id: str, folder: Path) -> None:
        self.config, self.run_id, self.folder = config, run_id, folder
        self._run: Any = None

    def __enter__(self) -> Self:
        if self.config.record.mode != "none":
            self._attempt(self._start)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._run is not None:
            if kind is Preempted:
                self._attempt(self._run.mark_preempting)
            code = {None: 0, Preempted: EXIT_CODE}.get(kind, 1)
            self._attempt(lambda: self._run.finish(exit_code=code))

    def step(self, row: dict[str, Any]) -> None:
        """Mirror one line of steps.jsonl."""
        self._log({f"train/{key}": value for key, value in row.items()})

    def scores(self, stage: str, scores: list[dict[str, Any]]) -> None:
        """Mirror the scores of a stage: base, tuned, or a step on the way."""
        self._log({f"score/{stage}/{score['task']}/{score['metric']}": score["value"] for score in scores})

    def layers(self, rows: list[LayerRow]) -> None:
        """Mirror layers.csv as one table and one line series a metric."""
        if self._run is not None:
            self._attempt(lambda: self._layers(rows))

    def _log(self, values: dict[str, Any]) -> None:
        if self._run is not None:
            self._attempt(lambda: self._run.log(values))

    def _attempt(self, action: Any) -> None:
        """A mirror must not stop what it mirrors."""
        try:
            action()
        except Exception as error:
            _LOG.warning(
                "W&B: %s; the files in %s are complete without it", str(error).splitlines()[0], self.folder
            )
            self._run = None if action == self._start else self._run

    def _start(self) -> None:
        import wandb

        settings = wandb.Settings(
            init_timeout=_SECONDS, finish_timeout=_SECONDS, console="off", silent=True, disable_git=True
        )
        config, record = asdict(self.config), self.config.record
        config.pop("paths")
        self._run = wandb.init(
            mode=record.mode,
            project=record.project,
            entity=record.entity,
            id=self.run_id,
            name=self.run_id,
            group=self.config.experiment,
            tags=[*record.tags, self.config.method.name, f"band_{self.config.band.name}"],
            config=config,
            dir=str(self.folder),
            resume="allow",
            settings=settings,
        )
        self._run.define_metric("train/*", step_metric="train/step")

    def _layers(self, rows: list[LayerRow]) -> None:
        import wandb

        columns = ["stage", "layer", "depth", "metric", "value", "stderr", "n", "low", "high"]
        table = wandb.Table(
            columns=columns, data=[[getattr(row, column) for column in columns] for row in rows]
        )
        self._run.log({"layers": table})
        for metric in dict.fromkeys(row.metric for row in rows if "/" not in row.metric):
            stages = dict.fromkeys(row.stage for row in rows if row.metric == metric)
            series = [[row for row in rows if (row.metric, row.stage) == (metric, stage)] for stage in stages]
            chart = wandb.plot.line_series(
                xs=[[row.layer for row in one] for one in series],
                ys=[[row.value for row in one] for one in series],
                keys=list(stages),
                title=metric,
                xname="layer",
            )
            self._run.log({f"profile/{metric}": chart})
