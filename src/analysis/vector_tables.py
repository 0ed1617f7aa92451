"""What `src.intervene patch` and `src.intervene steer` left in a folder: of a run, or of one arm's."""

from functools import cached_property

from pandas import DataFrame

from src.analysis.intervened import Intervened


class VectorTables(Intervened):
    """One folder of them."""

    @cached_property
    def quantities(self) -> DataFrame:
        """score, kind, player, value, ci_low, ci_high, ... as in quantities.csv."""
        return self.table("quantities")

    def shares(self, kind: str) -> DataFrame:
        """Shares of the gain of one kind, with the rest of the name as `player`."""
        found = self.summary[self.summary["name"].str.startswith(f"{kind}: ")]
        return found.assign(player=found["name"].str.removeprefix(f"{kind}: "))
