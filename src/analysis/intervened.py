"""What analyses of `src.intervene` left in the folders of runs, and where."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas
from pandas import DataFrame

FOLDER, ABOUT = "intervene", "about.json"


@dataclass(frozen=True)
class Intervened:
    """The tables of one folder, read when they are asked for."""

    name: str
    """Of the run, or of the experiment whose runs were taken together."""
    folder: Path

    def table(self, name: str) -> DataFrame:
        """NAME.csv."""
        return pandas.read_csv(self.folder / f"{name}.csv")

    @cached_property
    def summary(self) -> DataFrame:
        """score, name, value, low, high."""
        return self.table("summary")

    @property
    def anchor(self) -> str:
        """The name as part of an address."""
        return self.name.replace("-", "_")


def find_intervened(experiment: Path, runs: Sequence[Path], analysis: str) -> Iterator[Intervened]:
    """What a carrier or an eraser left."""
    for folder, name in folders_of(experiment, runs, analysis, "summary.csv"):
        yield Intervened(name, folder)


def folders_of(
    experiment: Path, runs: Sequence[Path], analysis: str, marker: str = ABOUT
) -> Iterator[tuple[Path, str]]:
    """Folders of tables with the name of what they are of: all runs together, else single runs.

    Args:
        experiment: the folder of all runs.
        runs: their folders.
        analysis: the folder of its tables below `intervene`; empty for the causal profile.
        marker: the file without which a folder holds none.
    """
    for folder in (experiment, *runs):
        tables = folder / FOLDER / analysis
        if (tables / marker).is_file():
            yield tables, folder.name
            if folder == experiment:
                return
