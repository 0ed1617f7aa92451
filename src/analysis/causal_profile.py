"""What `src.intervene` left in a folder: the causal profile of a run, or of several of one arm."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas
from pandas import DataFrame

from src.analysis.records import records
from src.storage.files import read_json

FOLDER, ABOUT = "intervene", "about.json"
TABLES = ("profile", "summary", "predictions", "observed", "readings")


@dataclass(frozen=True)
class CausalProfile:
    """One folder of it, read."""

    name: str
    """Of the run, or of the experiment whose runs were taken together."""
    about: Mapping[str, Any]
    quantities: DataFrame
    """score, kind, player, value, ci_low, ci_high, p_holm, ... as in profile.csv."""
    summaries: DataFrame
    predictions: DataFrame
    """Empty where no layer table was there to predict from."""
    observed: DataFrame
    """predictor, block, value: the profiles that were seen without intervening."""
    readings: DataFrame
    """run, score, additivity, residual, num_off: each run by itself."""

    @property
    def trained(self) -> list[int]:
        """Blocks that training could change."""
        return list(self.about["trained"])

    @cached_property
    def scores(self) -> list[str]:
        """logp, and english where it was asked for."""
        return list(dict.fromkeys(self.quantities["score"]))

    def of(self, score: str, *kinds: str) -> DataFrame:
        """The quantities of some kinds."""
        table = self.quantities
        return table[(table["score"] == score) & table["kind"].isin(kinds)]

    def by_block(self, score: str, kind: str) -> DataFrame:
        """The same of one kind, of blocks alone, with their number as `block`."""
        found = self.of(score, kind)
        found = found[found["player"].str.startswith("block ")]
        return found.assign(block=found["player"].str.removeprefix("block ").astype(int))

    def summary(self, score: str, name: str) -> Mapping[str, Any] | None:
        """One summary; None where it was not made."""
        table = self.summaries
        found = records(table[(table["score"] == score) & (table["name"] == name)])
        return found[0] if found else None


def read_profile(folder: Path, name: str) -> CausalProfile:
    """The profile in a folder that `src.intervene` wrote."""
    tables = [pandas.read_csv(folder / f"{table}.csv") for table in TABLES]
    return CausalProfile(name, read_json(folder / ABOUT), *tables)


def find_profiles(experiment: Path, runs: Sequence[Path]) -> Iterator[CausalProfile]:
    """That of all runs together, where there is one; else those of single runs."""
    if (experiment / FOLDER / ABOUT).is_file():
        yield read_profile(experiment / FOLDER, experiment.name)
        return
    for folder in runs:
        if (folder / FOLDER / ABOUT).is_file():
            yield read_profile(folder / FOLDER, folder.name)
