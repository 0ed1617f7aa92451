"""What a stage of a run is, and what all stages of one run share."""

import gc
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from src.config.schema import RunConfig
from src.pipeline.prepare import Prepared, prepare
from src.pipeline.team import Team
from src.probe.table.layer_table import LayerRow
from src.probe.table.reading_tables import read_tables
from src.record.folder import RunFolder
from src.record.run_record import describe_data, describe_model, describe_run
from src.runtime.device import pick_device
from src.storage.lock import RunLock
from src.tracking.mirror import Tracker
from src.train.ranks import Ranks

PREPARED = ("model", "rows")
"""What is there before the first stage."""


@dataclass
class Run:
    """A run that is under way: its folder is this job's, and its model is loaded."""

    id: str
    config: RunConfig
    prepared: Prepared
    folder: RunFolder
    lock: RunLock
    tracker: Tracker
    ranks: Ranks
    _tables: dict[str, list[LayerRow]] | None = None
    _about: dict[str, Any] = field(init=False)
    team: Team = field(init=False)
    """All ranks, which share the batches of what is measured."""

    def __post_init__(self) -> None:
        prepared = self.prepared
        self.team = Team(self.ranks, self.config, self.folder.path, lambda: self.prepared)
        self._about = describe_model(self.config, prepared.adapted)
        self._about["data"] = describe_data(prepared.splits, prepared.encoded)

    def once(self, name: str, compute: Callable[[], Any]) -> Any:
        """The JSON-like result of a part of a stage: read where it is complete, else computed and kept.

        Raises:
            LockedError: another job has taken the folder over meanwhile; nothing is written.
        """

        def mine() -> Any:
            result = compute()
            self.lock.check()
            return result

        return self.folder.stage(name, mine)

    def prepare_anew(self) -> None:
        """Let the model go, and whatever holds it, then load it again as it was before training."""
        splits = self.prepared.splits
        del self.prepared
        gc.collect()  # a model holds itself in cycles
        self.prepared = prepare(self.config, splits)

    @property
    def tables(self) -> dict[str, list[LayerRow]]:
        """The layer table of each reading; from their files where an earlier process measured them."""
        if self._tables is None:
            self._tables = read_tables(self.folder.path, self.config.probe)
        return self._tables

    @tables.setter
    def tables(self, found: dict[str, list[LayerRow]]) -> None:
        self._tables = found

    @property
    def layers(self) -> list[LayerRow]:
        """The layer table of the first reading, that of layers.csv."""
        return next(iter(self.tables.values()))

    def description(self, status: str) -> dict[str, Any]:
        """What the record says of a run whatever its stages came to."""
        found = describe_run(self.config, self.id, status, pick_device(self.config.device))
        return found | self._about | {"seconds": self.folder.seconds()}


@dataclass(frozen=True)
class Stage:
    """One part of a run, done again from its beginning where it was not complete."""

    name: str
    do: Callable[[Run], None]
    reads: tuple[str, ...]
    """What it needs: files of the run's folder, or the model and the rows."""
    writes: tuple[str, ...]
    """What it leaves for the stages behind it."""


def check_order(stages: Sequence[Stage]) -> None:
    """ValueError where a stage reads what nothing before it has written."""
    known = set(PREPARED)
    for stage in stages:
        for name in stage.reads:
            if name not in known:
                raise ValueError(f"stage {stage.name} reads {name}, which no stage before it writes")
        known |= set(stage.writes)
