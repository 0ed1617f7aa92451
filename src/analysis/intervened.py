"""What analyses of `src.intervene` left in the folders of runs, and where."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import pandas
from pandas import DataFrame

from src.config.intervention import ARMS, FOLDER, published_form
from src.storage.files import as_written, read_object

ABOUT = "about.json"


@dataclass(frozen=True)
class Intervened:
    """The tables of one folder, read when they are asked for."""

    name: str
    """Of the run, or of the experiment whose runs were taken together."""
    folder: Path

    @cached_property
    def about(self) -> Mapping[str, Any]:
        """Of which runs and blocks the tables are; of some analyses `words`, what was found in sentences."""
        return read_object(self.folder / ABOUT)

    def table(self, name: str, keep_default_na: bool = True) -> DataFrame:
        """NAME.csv, or an empty table where it is not there; `keep_default_na` as pandas has it."""
        path = self.folder / f"{name}.csv"
        with as_written(self.folder):
            return pandas.read_csv(path, keep_default_na=keep_default_na) if path.is_file() else DataFrame()

    @cached_property
    def summary(self) -> DataFrame:
        """score, name, value, low, high."""
        return self.table("summary")

    @property
    def anchor(self) -> str:
        """The name as part of an address."""
        return self.name.replace("-", "_")


Found = TypeVar("Found", bound=Intervened)


def find_intervened(
    experiment: Path, runs: Sequence[Path], analysis: str, read: type[Found], marker: str = ABOUT
) -> Iterator[Found]:
    """What an analysis left, as `read` reads it; the rest as for `folders_of`."""
    for folder, name in folders_of(experiment, runs, analysis, marker):
        yield read(name, folder)


def folders_of(
    experiment: Path, runs: Sequence[Path], analysis: str, marker: str = ABOUT
) -> Iterator[tuple[Path, str]]:
    """Folders of tables with the name of what they are of: runs asked together, else single runs.

    The published form of an analysis has folders of its own, which come last.

    Args:
        experiment: the folder of all runs.
        runs: their folders.
        analysis: the folder of its tables below `intervene`; empty for the causal profile.
        marker: the file without which a folder holds none.
    """
    forms = {analysis: ""} | ({published_form(analysis): "-published"} if analysis else {})
    for form, mark in forms.items():
        for places in (joint_tables(experiment), [(run / FOLDER, run.name) for run in runs]):
            tables = [(base / form, f"{name}{mark}") for base, name in places]
            if found := [one for one in tables if (one[0] / marker).is_file()]:
                yield from found
                break


def joint_tables(experiment: Path) -> list[tuple[Path, str]]:
    """Where runs that were asked together keep their tables, and their name: all runs, then arms of them."""
    base = experiment / FOLDER
    return [(base, experiment.name), *((arm, arm.name) for arm in sorted((base / ARMS).glob("*")))]
