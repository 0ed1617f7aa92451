"""What `src.intervene swap` and `merge` left in a folder: of a run, or of several of one arm."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas
from pandas import DataFrame

from src.analysis.intervened import ABOUT, folders_of
from src.storage.files import read_json

TABLES = {
    "swap": ("swap", "swap_paper"),
    "merge": ("merge", "merge_frontier", "merge_searched", "merge_paper"),
}
"""By analysis; one that was not made is not there."""


@dataclass(frozen=True)
class SegmentTables:
    """One folder of it, read."""

    name: str
    """Of the run, or of the experiment whose runs were taken together."""
    about: Mapping[str, Any]
    tables: Mapping[str, DataFrame]
    """By file; an empty one where the file is not there."""


def read_tables(folder: Path, kind: str, name: str) -> SegmentTables:
    """The tables of one analysis in a folder."""
    files = {table: folder / f"{table}.csv" for table in TABLES[kind]}
    found = {table: pandas.read_csv(path) if path.is_file() else DataFrame() for table, path in files.items()}
    return SegmentTables(name, read_json(folder / ABOUT), found)


def find_tables(experiment: Path, runs: Sequence[Path], kind: str) -> Iterator[SegmentTables]:
    """Those of all runs together, where there are some; else those of single runs."""
    for folder, name in folders_of(experiment, runs, kind):
        yield read_tables(folder, kind, name)
