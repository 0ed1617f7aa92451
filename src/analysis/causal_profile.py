"""What `src.intervene` left in a folder: the causal profile of a run, or of several of one arm."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from pandas import DataFrame

from src.analysis.intervened import Intervened
from src.analysis.records import records

DIFFERENCE = "logp - english"


class CausalProfile(Intervened):
    """One folder of it; a table is read when it is asked for."""

    @cached_property
    def quantities(self) -> DataFrame:
        """score, kind, player, value, ci_low, ci_high, p_holm, ... as in profile.csv."""
        return self.table("profile")

    @cached_property
    def predictions(self) -> DataFrame:
        """Empty where no layer table was there to predict from."""
        return self.table("predictions")

    @cached_property
    def fifths(self) -> DataFrame:
        """predictor, fifths, value, low, high, p_holm, rho; empty in folders of before they were made."""
        return self.table("fifths")

    @cached_property
    def observed(self) -> DataFrame:
        """predictor, block, value: the profiles that were seen without intervening."""
        return self.table("observed")

    @cached_property
    def readings(self) -> DataFrame:
        """run, score, additivity, residual, num_off: each run by itself."""
        return self.table("readings")

    @cached_property
    def hybrids(self) -> DataFrame:
        """run, score, tuned, value, entropy, kl_tuned, kl_base, below_both: each variant."""
        return self.table("hybrids")

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
        table = self.summary
        return table[(table["score"] == DIFFERENCE) & table["name"].str.startswith("block ")]

    def summarised(self, score: str, name: str) -> Mapping[str, Any] | None:
        """One summary; None where it was not made."""
        table = self.summary
        found = records(table[(table["score"] == score) & (table["name"] == name)])
        return found[0] if found else None
