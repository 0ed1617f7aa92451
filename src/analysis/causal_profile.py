"""What `src.intervene` left in a folder: the causal profile of a run, or of several of one arm."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas
from pandas import DataFrame

from src.analysis.intervened import ABOUT, folders_of
from src.analysis.records import records
from src.storage.files import read_json

DIFFERENCE = "logp - english"


@dataclass(frozen=True)
class CausalProfile:
    """One folder of it; a table is read when it is asked for."""

    name: str
    """Of the run, or of the experiment whose runs were taken together."""
    folder: Path

    @cached_property
    def about(self) -> Mapping[str, Any]:
        """Which runs, and what of them was trained."""
        return read_json(self.folder / ABOUT)

    @cached_property
    def quantities(self) -> DataFrame:
        """score, kind, player, value, ci_low, ci_high, p_holm, ... as in profile.csv."""
        return self._table("profile")

    @cached_property
    def summaries(self) -> DataFrame:
        """score, name, value, low, high."""
        return self._table("summary")

    @cached_property
    def predictions(self) -> DataFrame:
        """Empty where no layer table was there to predict from."""
        return self._table("predictions")

    @cached_property
    def observed(self) -> DataFrame:
        """predictor, block, value: the profiles that were seen without intervening."""
        return self._table("observed")

    @cached_property
    def readings(self) -> DataFrame:
        """run, score, additivity, residual, num_off: each run by itself."""
        return self._table("readings")

    @cached_property
    def hybrids(self) -> DataFrame:
        """run, score, tuned, value, entropy, kl_tuned, kl_base, below_both: each variant."""
        return self._table("hybrids")

    def _table(self, name: str) -> DataFrame:
        return pandas.read_csv(self.folder / f"{name}.csv")

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

    @property
    def differences(self) -> DataFrame:
        """name, value, low, high: share of the gain minus share of forgetting, block by block."""
        table = self.summaries
        return table[(table["score"] == DIFFERENCE) & table["name"].str.startswith("block ")]

    def summary(self, score: str, name: str) -> Mapping[str, Any] | None:
        """One summary; None where it was not made."""
        table = self.summaries
        found = records(table[(table["score"] == score) & (table["name"] == name)])
        return found[0] if found else None


def find_profiles(experiment: Path, runs: Sequence[Path]) -> Iterator[CausalProfile]:
    """That of all runs together, where there is one; else those of single runs."""
    for folder, name in folders_of(experiment, runs, ""):
        yield CausalProfile(name, folder)
