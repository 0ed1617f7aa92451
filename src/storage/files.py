"""Files appear whole or not at all: everything is written aside, flushed, and renamed."""

import csv
import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NoReturn
from uuid import uuid4

import yaml

from src.errors import StorageError
from src.storage.reason import storage_reason

_UNREADABLE = (
    *(ArithmeticError, AttributeError, LookupError, OSError, RecursionError, TypeError, ValueError),
    *(csv.Error, yaml.YAMLError),
)
ASIDE = ".partial-"  # prefix of what is being written; never read, swept by `remove_partial`


def is_url(text: str) -> bool:
    """Whether a place is given as a URL, such as s3://bucket/runs."""
    return "://" in text


@contextmanager
def storage_errors(path: Path) -> Iterator[None]:
    """Turn a full disk or a refused write into one line that names the path."""
    try:
        yield
    except Exception as error:
        reason = storage_reason(error)
        if reason is None:
            raise
        raise StorageError(f"{path}: cannot be written ({reason}); nothing was left half-written") from error


@contextmanager
def as_written(folder: Path) -> Iterator[None]:
    """Read inside what a run left in `folder`: a file that is gone, damaged or of other content is one line.

    Raises:
        StorageError: of what was read something is missing, or is not what a run writes.
    """
    try:
        yield
    except _UNREADABLE as error:
        reason = f"{type(error).__name__}: {' '.join(str(error).split())}"[:160]
        raise StorageError(
            f"{folder}: a file is missing or damaged ({reason}); accepted: a folder as its run left it"
        ) from error


@contextmanager
def written_folder(path: Path) -> Iterator[Path]:
    """Yield an empty folder beside `path`; rename it to `path` when the block succeeds.

    An existing `path` is replaced. On any error the folder aside is removed.
    """
    aside = path.parent / f"{ASIDE}{path.name}-{uuid4().hex[:8]}"
    try:
        with storage_errors(path):
            aside.mkdir(parents=True)
            yield aside
            _flush_folder(aside)
            if path.exists():
                shutil.rmtree(path)
            aside.rename(path)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


@contextmanager
def written_file(path: Path) -> Iterator[Path]:
    """Yield a path beside `path` to be written; it takes the place of `path` when the block succeeds."""
    aside = path.parent / f"{ASIDE}{path.name}-{uuid4().hex[:8]}"
    try:
        with storage_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            yield aside
            _flush(aside)
            aside.replace(path)
    finally:
        with suppress(OSError):  # else a disk that cannot be written would be told by the name aside
            aside.unlink()


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    with written_file(path) as aside:
        aside.write_bytes(content)


def write_text(path: Path, text: str) -> None:
    """Write a text file, in UTF-8, whole or not at all."""
    write_bytes(path, text.encode())


def write_json(path: Path, value: Any) -> None:
    """Write JSON that a person can read. NaN is refused: a missing number stays missing (null)."""
    write_text(path, json.dumps(value, indent=2, allow_nan=False, ensure_ascii=False) + "\n")


def write_jsonl(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    """Write one JSON object a line."""
    write_text(path, "".join(json.dumps(row, allow_nan=False, ensure_ascii=False) + "\n" for row in rows))


def read_json(path: Path) -> Any:
    """Read JSON; StorageError names a file that is damaged or not there."""
    try:
        return json.loads(path.read_text(encoding="utf-8"), parse_constant=_refuse_constant)
    except FileNotFoundError as error:
        raise StorageError(f"{path}: missing; accepted: a folder with all that was written there") from error
    except (OSError, RecursionError, ValueError) as error:
        raise StorageError(f"{path}: cannot be read as JSON ({error}); remove it to make it anew") from error


def read_object(path: Path) -> dict[str, Any]:
    """Read a JSON object; StorageError as `read_json`, and for another value."""
    found = read_json(path)
    if not isinstance(found, dict):
        raise StorageError(f"{path}: holds no JSON object; accepted: as it was written")
    return found


def read_jsonl(path: Path) -> list[dict[str, Any]]:
    """Read one JSON object a line; a last line cut off by a kill is left out.

    Raises:
        StorageError: the file is damaged elsewhere.
    """
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
        return [json.loads(line, parse_constant=_refuse_constant) for line in lines[:-1] if line]
    except FileNotFoundError as error:
        raise StorageError(f"{path}: missing; accepted: a folder with all that was written there") from error
    except (OSError, RecursionError, ValueError) as error:
        raise StorageError(
            f"{path}: cannot be read as lines of JSON ({error}); remove it to go on"
        ) from error


def _refuse_constant(name: str) -> NoReturn:
    """Python reads NaN and infinities, which are no JSON; `write_json` writes none."""
    raise ValueError(f"{name} is no number")


def remove_partial(folder: Path) -> None:
    """Remove what a killed process left half-written in `folder` and below."""
    for leftover in list(folder.rglob(f"{ASIDE}*")):
        shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()


def sha256_file(path: Path) -> str:
    """The sha256 of a file's bytes, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def fingerprint(value: Any) -> str:
    """The sha256 of a JSON-like value in canonical form, hexadecimal."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _flush_folder(folder: Path) -> None:
    """Bring every file of a folder to the disk before the rename makes it visible."""
    for path in folder.rglob("*"):
        if path.is_file():
            _flush(path)


def _flush(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
