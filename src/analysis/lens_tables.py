"""What `src.intervene lens` left in a folder: of a run, or of several of one arm."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas
from pandas import DataFrame

from src.analysis.intervened import ABOUT, folders_of
from src.storage.files import read_json


@dataclass(frozen=True)
class LensTables:
    """One folder of them, read."""

    name: str
    """Of the run, or of the experiment whose runs were taken together."""
    about: Mapping[str, Any]
    """Among others `words`, what was found in sentences."""
    curves: DataFrame
    """metric, side, layer, value, ci_low, ci_high as in profile.csv."""
    emergence: DataFrame
    """side, median, low, high, num_items."""
    examples: DataFrame
    """item, side, layer, token, probability."""

    def curve(self, metric: str, side: str) -> DataFrame:
        """One metric of base, tuned, change or base_map, by layer."""
        return self.curves[(self.curves["metric"] == metric) & (self.curves["side"] == side)]


def read_lens(folder: Path, name: str) -> LensTables:
    """The tables in a folder."""
    profile, emergence, examples = (
        pandas.read_csv(folder / f"{table}.csv", keep_default_na=table != "examples")  # NA may be a token
        for table in ("profile", "emergence", "examples")
    )
    return LensTables(name, read_json(folder / ABOUT), profile, emergence, examples)


def find_lens(experiment: Path, runs: Sequence[Path]) -> Iterator[LensTables]:
    """Those of all runs together, where there are; else those of single runs."""
    for folder, name in folders_of(experiment, runs, "lens"):
        yield read_lens(folder, name)
