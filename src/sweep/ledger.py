"""Which runs a sweep has started: ledger.json in its folder, read and changed under a file lock."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from filelock import FileLock

from src.errors import StorageError
from src.storage.files import read_json, storage_errors, write_json


@dataclass(frozen=True)
class Entry:
    """The last job of a run."""

    job: str | None
    """SLURM's number, `12` or `12_3`; None for a job of this machine."""
    launcher: str
    submitted: str
    code: str
    """The snapshot that the job runs."""


class Ledger:
    """The jobs of one sweep, by the key of their run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._path = folder / "ledger.json"

    def read(self) -> dict[str, Entry]:
        """Every run's last job.

        Raises:
            StorageError: a damaged ledger.
        """
        if not self._path.is_file():
            return {}
        try:
            return {key: Entry(**values) for key, values in read_json(self._path).items()}
        except (TypeError, AttributeError) as error:
            raise StorageError(f"{self._path}: is no ledger; remove it if no job of it runs") from error

    @contextmanager
    def open(self) -> Iterator[dict[str, Entry]]:
        """Nobody else launches this sweep meanwhile; call `keep` for what shall stay."""
        lock = FileLock(self.folder / "ledger.lock")
        with storage_errors(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            lock.acquire()
        try:
            yield self.read()
        finally:
            lock.release()

    def keep(self, entries: dict[str, Entry]) -> None:
        """Write the ledger, whole; only inside `open`."""
        write_json(self._path, {key: asdict(entry) for key, entry in entries.items()})
