"""What an analysis of `src.intervene` other than the causal profile left in the folder of a run."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas
from pandas import DataFrame

from src.analysis.causal_profile import FOLDER


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
    """That of all runs together, where there is one; else those of single runs."""
    if (experiment / FOLDER / analysis / "summary.csv").is_file():
        yield Intervened(experiment.name, experiment / FOLDER / analysis)
        return
    for folder in runs:
        if (folder / FOLDER / analysis / "summary.csv").is_file():
            yield Intervened(folder.name, folder / FOLDER / analysis)
