"""What a study cost beyond training and evaluating: starting, loading, probing, waiting for each other."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from src.errors import DataError
from src.storage.files import as_written, read_json


@dataclass(frozen=True)
class Cost:
    """Seconds of the finished runs that were counted, summed."""

    num_runs: int
    training: float
    """Or what was done in its place: the random push of a null."""
    evaluation: float
    """Scores of tuned models, and of the base where they were not in the cache."""
    probing: float
    outside: float | None
    """Seconds of the machine's places that no stage accounts for; None where the start is not known."""

    @property
    def ratio(self) -> float | None:
        """All seconds of all places, over those of training and evaluation."""
        if self.outside is None:
            return None
        work = self.training + self.evaluation
        return (work + self.probing + self.outside) / work


def cost(folder: Path, num_jobs: int, started: datetime | None = None, ended: datetime | None = None) -> Cost:
    """The cost of the finished runs below a folder, or of those that ended between two moments.

    Args:
        folder: an experiment's folder.
        num_jobs: runs at a time; so many places were taken from the start to the last record.
        started: when the first of them began, no run being under way; None: outside is not known.
        ended: runs that ended later are not counted; None: all are.

    Raises:
        DataError: no run has finished, or none between the two.
        StorageError: a record is damaged.
    """
    with as_written(folder):
        return _cost(folder, num_jobs, started, ended)


def _cost(folder: Path, num_jobs: int, started: datetime | None, ended: datetime | None) -> Cost:
    records = [read_json(path) for path in sorted(folder.glob("*/run.json"))]
    finished = [record for record in records if record["status"] == "success"]
    if not finished:
        raise DataError(f"{folder}: no finished run; accepted: the folder of an experiment")
    done = [record for record in finished if _within(record, started, ended)]
    if not done:
        ends = " to ".join(sorted(record["written"] for record in finished)[:: max(len(finished) - 1, 1)])
        raise DataError(f"{folder}: no run ended between --started and --ended; its runs ended {ends}")
    training, evaluation = _sum(done, ("train", "push")), _sum(done, ("scores-",))
    probing = _sum(done, ("probe",))
    outside = None
    if started is not None:
        last = max(datetime.fromisoformat(record["written"]) for record in done)
        outside = (last - started).total_seconds() * num_jobs - training - evaluation - probing
    return Cost(len(done), training, evaluation, probing, outside)


def _within(record: dict[str, Any], started: datetime | None, ended: datetime | None) -> bool:
    written = datetime.fromisoformat(record["written"])
    return (started is None or written > started) and (ended is None or written <= ended)


def _sum(records: Sequence[dict[str, Any]], starts: tuple[str, ...]) -> float:
    return sum(
        seconds
        for record in records
        for stage, seconds in record["seconds"].items()
        if stage.startswith(starts)
    )
