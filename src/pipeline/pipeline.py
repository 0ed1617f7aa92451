"""One run: its id and folder, and its stages one after the other."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from src.config.schema import RunConfig
from src.data.splits import load_splits
from src.errors import LockedError, TrainingError, UserError
from src.model.content import model_content
from src.pipeline.prepare import prepare
from src.pipeline.stage import Run, Stage, check_order
from src.pipeline.stages import STAGES
from src.record.folder import RunFolder
from src.record.identity import run_id
from src.record.provenance import forget_peak
from src.record.run_record import write_failure, write_preempted
from src.record.trained_source import with_source
from src.runtime.device import pick_device
from src.runtime.preemption import Preempted, stop_if_asked
from src.storage.lock import RunLock
from src.tracking.mirror import Tracker
from src.train.ranks import Ranks

_LOG = logging.getLogger(__name__)


class Pipeline:
    """One run. The constructor reads the rows and knows the folder; `opened` loads the model."""

    def __init__(self, config: RunConfig, ranks: Ranks | None = None) -> None:
        self.ranks = ranks or Ranks(config.train.num_processes)
        self.splits = load_splits(config.data, len(config.probe.seeds))
        self.device = pick_device(config.device)
        contents = self.splits.fingerprint, model_content(config.model)
        self.config = with_source(config, *contents)
        self.id = run_id(self.config, *contents)
        self.folder = RunFolder(Path(config.paths.runs_dir) / config.experiment / self.id)

    def walk(self, stages: Sequence[Stage] = STAGES) -> None:
        """Do the stages, unless an earlier process has finished the run."""
        check_order(stages)
        if self.folder.finished:
            _LOG.info("finished earlier: %s", self.folder.path)
            return
        with self.opened() as run:
            for stage in stages:
                stage.do(run)
        _LOG.info("finished: %s", self.folder.path)

    @contextmanager
    def opened(self) -> Iterator[Run]:
        """Everything that can be refused is refused before the folder exists; a failure is recorded."""
        forget_peak(self.device)
        self.folder.check_writable()
        prepared = prepare(self.config, self.splits)
        if self.ranks.count == 1:  # several agree where to stop
            stop_if_asked()
        with RunLock(self.folder.path) as lock:
            if self.folder.finished:
                raise LockedError(f"{self.folder.path}: another job has finished this run just now")
            self.folder.open(self.config)
            tracker = Tracker(self.config, self.id, self.folder.path)
            run = Run(self.id, self.config, prepared, self.folder, lock, tracker, self.ranks)
            del prepared  # the run alone holds the model: it may have to let it go
            with self._told(run), tracker:
                tracker.parameters(run.prepared.adapted.num_trainable, run.prepared.adapted.num_total)
                if self.config.train.in_pieces:
                    run.team.part()
                yield run

    @contextmanager
    def _told(self, run: Run) -> Iterator[None]:
        """The folder says why a run has stopped, while it is this job's."""
        try:
            yield
        except Preempted:
            if not run.lock.lost:  # else another job's record is there
                write_preempted(self.folder.path)
            raise
        except Exception as error:
            told = isinstance(error, TrainingError) or not isinstance(error, UserError)
            if told and not run.lock.lost:
                write_failure(self.folder.path, run.description("failed"), error)
            raise
