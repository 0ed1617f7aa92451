"""What `src.intervene lens` left in a folder: of a run, or of several of one arm."""

from functools import cached_property

from pandas import DataFrame

from src.analysis.intervened import Intervened


class LensTables(Intervened):
    """One folder of them."""

    @cached_property
    def curves(self) -> DataFrame:
        """metric, side, layer, value, ci_low, ci_high as in profile.csv."""
        return self.table("profile")

    @cached_property
    def emergence(self) -> DataFrame:
        """side, median, low, high, num_items."""
        return self.table("emergence")

    @cached_property
    def examples(self) -> DataFrame:
        """item, side, layer, token, probability."""
        return self.table("examples", keep_default_na=False)  # NA may be a token

    def curve(self, metric: str, side: str) -> DataFrame:
        """One metric of base, tuned, change or base_map, by layer."""
        return self.curves[(self.curves["metric"] == metric) & (self.curves["side"] == side)]
