"""How a job ended where the folder of its run may not say it: it was refused, stopped early, or killed."""

from pathlib import Path
from typing import NamedTuple

from src.errors import StorageError
from src.storage.files import read_json, write_json


class Outcome(NamedTuple):
    """A small file beside the jobs of a sweep."""

    state: str
    """failed, preempted or lost."""
    detail: str
    """The error, or how the process ended."""


def write_outcome(path: Path, state: str, detail: str) -> None:
    """Keep how a job ended."""
    write_json(path, Outcome(state, detail)._asdict())


def read_outcome(path: Path) -> Outcome | None:
    """How a job ended; None where nothing was kept.

    Raises:
        StorageError: the file is damaged.
    """
    if not path.is_file():
        return None
    try:
        return Outcome(**read_json(path))
    except TypeError as error:
        raise StorageError(f"{path}: does not say how a job ended; remove it to make it anew") from error
