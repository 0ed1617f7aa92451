"""Rows from a local file: one JSON object a line, or one JSON array of objects."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from src.config.schema import DataConfig
from src.data.rows import Row, make_row
from src.data.shown import shown
from src.data.source import Pool
from src.errors import DataError
from src.storage.files import sha256_file

_ACCEPTED = "one JSON object a line, or one array of them"
_UNPACKED = "unpacked"
_BY_DATASETS = "or the folder that it lies in as data.id=FOLDER"
_NO_TEXT = {
    b"\x1f\x8b": ("gzip", _UNPACKED),
    b"PK\x03\x04": ("a zip archive", _UNPACKED),
    b"\x28\xb5\x2f\xfd": ("zstd", _UNPACKED),
    b"BZh": ("bzip2", _UNPACKED),
    b"\xfd7zX": ("xz", _UNPACKED),
    b"PAR1": ("Parquet", _BY_DATASETS),
    b"ARRO": ("Arrow", _BY_DATASETS),
}
"""First bytes of files that are brought often: what they are, and what is accepted in their place."""


class Files:
    """`data.path`, and `data.test_path` where test rows have a file of their own."""

    def load(self, config: DataConfig, num_further: int) -> Pool:
        """Every row of the files."""
        path, test_path = str(config.path), config.test_path
        rows = read_rows(path, config)
        if test_path is None:
            return Pool(rows, None, path)
        return Pool(rows, read_rows(test_path, config), f"{path}, {test_path}")

    def content(self, config: DataConfig) -> list[str] | None:
        """The files by content; where one is missing, reading says which."""
        files = [Path(path) for path in (config.path, config.test_path) if path is not None]
        return [sha256_file(path) for path in files] if all(path.is_file() for path in files) else None


def read_rows(path: str, config: DataConfig) -> list[Row]:
    """Read every row of a file, in its order; lines of white space are skipped.

    Raises:
        DataError: The file is missing, empty or not UTF-8, or a line is not a usable record.
    """
    rows = [make_row(values, config, where) for values, where in _records(_read_text(path), path)]
    if not rows:
        raise DataError(f"{path}: the file is empty; accepted: {_ACCEPTED}")
    return rows


def _records(text: str, path: str) -> Iterator[tuple[Any, str]]:
    """Every record and its place: the items of an array, or the lines."""
    if text.lstrip().startswith("["):
        found = _parsed(text, path)
        yield from ((values, f"{path} item {number}") for number, values in enumerate(found, start=1))
        return
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            where = f"{path} line {number}"
            yield _parsed(line, where), where


def _parsed(line: str, where: str) -> Any:
    try:
        return json.loads(line, object_pairs_hook=_object)
    except DataError as error:
        raise DataError(f"{where}: {error}") from error
    except ValueError as error:
        raise DataError(f"{where}: not JSON ({error}); accepted: {_ACCEPTED}") from error
    except RecursionError as error:
        raise DataError(f"{where}: nested too deeply; accepted: {_ACCEPTED}") from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose fields each stand there once; Python alone would keep the last of a name."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise DataError(f"field {shown(twice)} stands there twice; accepted: each field once")
    return found


def _check_text(path: str) -> None:
    """Refuse a file that is known by its first bytes to be packed, or a table of another kind."""
    with Path(path).open("rb") as file:
        start = file.read(4)
    for first, (kind, accepted) in _NO_TEXT.items():
        if start.startswith(first):
            raise DataError(f"{path}: given {kind}; accepted: {_ACCEPTED}, {accepted}")


def _read_text(path: str) -> str:
    """The text of a file; a byte order mark is left out."""
    try:
        _check_text(path)
        return Path(path).read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such file; data.path and data.test_path name JSONL files") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not UTF-8 text (byte {error.start}); save the file as UTF-8") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}); a JSONL file is needed") from error
