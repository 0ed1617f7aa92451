"""Rows from a local JSONL file: one JSON object a line."""

import json
from pathlib import Path

from src.config.schema import DataConfig
from src.data.rows import Row, make_row
from src.data.source import Pool
from src.errors import DataError
from src.storage.files import sha256_file


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
    """Read every row of a JSONL file, in its order; lines of white space are skipped.

    Raises:
        DataError: The file is missing, empty or not UTF-8, or a line is not a usable record.
    """
    rows = []
    for number, line in enumerate(_read_text(path).split("\n"), start=1):
        if not line.strip():
            continue
        where = f"{path} line {number}"
        try:
            values = json.loads(line)
        except ValueError as error:
            raise DataError(f"{where}: not JSON ({error}); accepted: one JSON object a line") from error
        except RecursionError as error:
            raise DataError(f"{where}: nested too deeply; accepted: one JSON object a line") from error
        rows.append(make_row(values, config, where))
    if not rows:
        raise DataError(f"{path}: the file is empty; accepted: one JSON object a line")
    return rows


def _read_text(path: str) -> str:
    """The text of a file; a byte order mark is left out."""
    try:
        return Path(path).read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such file; data.path and data.test_path name JSONL files") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not UTF-8 text (byte {error.start}); save the file as UTF-8") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}); a JSONL file is needed") from error
