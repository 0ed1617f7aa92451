"""An index of finished runs: parquet beside them, never the truth.

runs/EXPERIMENT/.index/part-*/     runs.parquet, and a file for each kind of table that a report reads

A row counts only while the names, times and sizes of the run's files are those that it was made from; what is
newer is read from the files, and goes into a further part. A part that cannot be read is as good as none.
"""

import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy

from src.errors import StorageError
from src.storage.files import written_folder

FOLDER = ".index"
WORTH = 200
"""Runs from which on reading their files takes seconds."""
PART = 1000
"""Runs of one part: what is held in memory while an index is made."""
KINDS = ("layers", "items", "steps")
_WORTH_ADDING = 0.05  # of all runs; fewer are read from their files each time, so that parts stay few
_MOST_PARTS = 60  # then it is made anew
_FORMAT = "2"  # of what a row holds; another one makes every row stale
_FILES = ("config.yaml", "run.json", "samples.jsonl", "steps.jsonl")
_RUNS = ("path", "stamp", "record", "config")


@dataclass(frozen=True)
class Numbers:
    """A table of one run."""

    layout: Any
    """What its numbers are of: tuples and mappings; one object for all runs of an index that agree in it."""
    values: numpy.ndarray
    """Its columns, one behind the other; NaN where a value is missing."""


Tables = Mapping[str, Numbers]
"""Of one run and kind, by name."""


@dataclass(frozen=True)
class Row:
    """What is kept of one finished run."""

    path: str
    """Of its folder, below that of all."""
    stamp: str
    record: str
    """run.json as it was written."""
    config: str
    """config.yaml as it was written."""
    tables: Callable[[str], Tables | None]
    """By kind; None where they cannot be read any more."""


def stamp_of(folder: Path) -> str:
    """Names, times and sizes of the files that are read of a run."""
    with os.scandir(folder) as entries:
        files = sorted((one.name, one.stat()) for one in entries if _is_read(one.name))
    return " ".join([_FORMAT, *(f"{name} {found.st_mtime_ns} {found.st_size}" for name, found in files)])


def has_record(stamp: str) -> bool:
    """Whether a run with this stamp has ended."""
    return " run.json " in stamp


def _is_read(name: str) -> bool:
    return name in _FILES or (name.startswith("layers") and name.endswith(".csv"))


class RunIndex:
    """The index of the runs below a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / FOLDER
        self._layouts: dict[str, Any] = {}

    def stamps(self) -> dict[str, str]:
        """By the path of the run: a finished one if this is the stamp of its files."""
        read = (_columns(part / "runs.parquet", ("path", "stamp")) for part in self._parts())
        return {path: stamp for paths, stamps in read for path, stamp in zip(paths, stamps, strict=True)}

    def rows(self) -> dict[str, Row]:
        """By the path of the run; each counts if its stamp is that of the run's files."""
        return {row.path: row for part in self._parts() for row in self._rows(part)}

    def worth(self, num_new: int, num_runs: int) -> bool:
        """Whether so many runs that it lacks, of all, are worth a further part."""
        return num_new >= max(1.0, _WORTH_ADDING * num_runs)

    def add(self, rows: Sequence[Row]) -> None:
        """Keep these as a further part; a folder that cannot be written has none."""
        if len(self._parts()) >= _MOST_PARTS:
            shutil.rmtree(self.folder, ignore_errors=True)
        try:
            with written_folder(self.folder / f"part-{uuid4().hex[:8]}") as aside:
                _write(rows, aside)
        except (StorageError, OSError):
            return

    def _parts(self) -> list[Path]:
        """In the order in which they were written."""
        found = list(self.folder.glob("part-*")) if self.folder.is_dir() else []
        return sorted(found, key=lambda path: path.stat().st_mtime_ns if path.exists() else 0)

    def _rows(self, part: Path) -> Iterator[Row]:
        read: dict[str, dict[str, dict[str, Numbers]] | None] = {}

        def tables(path: str, kind: str) -> Tables | None:
            if kind not in read:
                read[kind] = self._tables(part / f"{kind}.parquet")
            found = read[kind]
            return None if found is None else found.get(path, {})

        for path, stamp, record, config in zip(*_columns(part / "runs.parquet", _RUNS), strict=True):
            yield Row(path, stamp, record, config, partial(tables, path))

    def _tables(self, path: Path) -> dict[str, dict[str, Numbers]] | None:
        """By run and name."""
        from pyarrow import ArrowException, parquet

        found: dict[str, dict[str, Numbers]] = {}
        try:
            for batch in parquet.read_table(path, read_dictionary=["layout"]).to_batches():
                layouts, numbers = batch["layout"], batch["numbers"]
                known = [self._layout(text) for text in layouts.dictionary.to_pylist()]
                values, ends = numbers.values.to_numpy(), numbers.offsets.to_numpy()
                runs, names = batch["run"].to_pylist(), batch["name"].to_pylist()
                for place, (run, name) in enumerate(zip(runs, names, strict=True)):
                    mine = values[ends[place] : ends[place + 1]]
                    found.setdefault(run, {})[name] = Numbers(known[layouts.indices[place].as_py()], mine)
        except (ArrowException, OSError, KeyError, ValueError):
            return None
        return found

    def _layout(self, text: str) -> Any:
        if text not in self._layouts:
            self._layouts[text] = _frozen(json.loads(text))
        return self._layouts[text]


def _frozen(value: Any) -> Any:
    """Lists of JSON as tuples."""
    if isinstance(value, dict):
        return {key: _frozen(one) for key, one in value.items()}
    return tuple(_frozen(one) for one in value) if isinstance(value, list) else value


def _columns(path: Path, names: Sequence[str]) -> list[list[Any]]:
    """Columns of a parquet file, without a row where it cannot be read."""
    from pyarrow import ArrowException, parquet

    try:
        table = parquet.read_table(path, columns=list(names))
        return [table[name].to_pylist() for name in names]
    except (ArrowException, OSError, KeyError, ValueError):
        return [[] for _ in names]


def _write(rows: Sequence[Row], folder: Path) -> None:
    from pyarrow import ListArray, array, parquet, table

    parquet.write_table(table({name: [getattr(row, name) for row in rows] for name in _RUNS}),
                        folder / "runs.parquet", compression="zstd")  # fmt: skip
    known: dict[Any, str] = {}  # runs of one design share layouts; telling that is faster than writing them

    def text(layout: Any) -> str:
        key = tuple(layout.items()) if isinstance(layout, dict) else layout
        return known.get(key) or known.setdefault(key, json.dumps(layout))

    for kind in KINDS:
        found = [(row.path, name, one) for row in rows for name, one in (row.tables(kind) or {}).items()]
        ends = numpy.cumsum([0, *(len(one.values) for *_, one in found)])
        texts = array([text(one.layout) for *_, one in found], "string")
        values = numpy.concatenate([numpy.empty(0), *(one.values for *_, one in found)])
        columns = {
            "run": array([run for run, *_ in found], "string"),
            "name": array([name for _, name, _ in found], "string"),
            "layout": texts.dictionary_encode(),
            "numbers": ListArray.from_arrays(array(ends, "int32"), array(values, "float64")),
        }
        path = folder / f"{kind}.parquet"
        parquet.write_table(table(columns), path, compression="zstd", use_dictionary=["layout"])
