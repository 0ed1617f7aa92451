"""What `src.intervene patch` and `src.intervene steer` left in a folder: of a run, or of one arm's."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas
from pandas import DataFrame

from src.analysis.intervened import ABOUT, folders_of
from src.storage.files import read_json


@dataclass(frozen=True)
class VectorTables:
    """One folder of them, read."""

    name: str
    """Of the run, or of the experiment whose runs were taken together."""
    about: Mapping[str, Any]
    """Among others `words`, what was found in sentences."""
    quantities: DataFrame
    """score, kind, player, value, ci_low, ci_high, ... as in quantities.csv."""
    summaries: DataFrame
    """name, value, low, high: shares of the gain."""

    def shares(self, kind: str) -> DataFrame:
        """Shares of the gain of one kind, with the rest of the name as `player`."""
        found = self.summaries[self.summaries["name"].str.startswith(f"{kind}: ")]
        return found.assign(player=found["name"].str.removeprefix(f"{kind}: "))


def read_vectors(folder: Path, name: str) -> VectorTables:
    """The tables in a folder."""
    tables = [pandas.read_csv(folder / f"{table}.csv") for table in ("quantities", "summary")]
    return VectorTables(name, read_json(folder / ABOUT), *tables)


def find_vectors(experiment: Path, runs: Sequence[Path], analysis: str) -> Iterator[VectorTables]:
    """Those of all runs together, where there are; else those of single runs."""
    for folder, name in folders_of(experiment, runs, analysis):
        yield read_vectors(folder, name)
