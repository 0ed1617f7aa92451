"""All tables of the depth-profile study, from runs."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from pandas import DataFrame

from src.analysis.arms import Arm
from src.analysis.depth import equal_step_verdicts as fates
from src.analysis.depth import findings
from src.analysis.depth.architecture import what_explains_width, width_by_architecture, width_order
from src.analysis.depth.contrasts import contrasts
from src.analysis.depth.curves import family_profiles
from src.analysis.depth.decomposition import STANDARD, decompose
from src.analysis.depth.finding import Finding
from src.analysis.depth.gather import gather
from src.analysis.depth.positive import count_positive
from src.analysis.depth.seeds import over_seeds
from src.analysis.depth.settings import CELL, SETTING, TRANSFORMERS, WHOLE
from src.analysis.depth.steepness import steepness_against_distance

MAIN = ("procrustes_distance", "cka_debiased", "cka_biased", "weight_change")
"""Metrics of the figures and findings: the first of these that was measured; tables have all."""
SLOPES = ("slope", "relative_slope")
GROUP = ["wiring", "size", "objective", "data", "method"]


@dataclass(frozen=True)
class Depth:
    """The tables, each made when it is asked for. Only runs that trained every block enter."""

    numbers: DataFrame
    layers: DataFrame
    distances: DataFrame
    """Objective distance at initialisation."""

    @property
    def metric(self) -> str:
        """What the figures and the findings are about."""
        known = set(self.numbers["metric"])
        return next((name for name in MAIN if name in known), "")

    @cached_property
    def slopes(self) -> DataFrame:
        """Every quantity of every cell and control, over seeds; stderr: a run's own, the mean over seeds."""
        by = [*SETTING, "metric", "quantity"]
        own = self.numbers.groupby(by, dropna=False, sort=False)["stderr"].mean().reset_index()
        return over_seeds(self.numbers, by).merge(own, on=by)

    @cached_property
    def decomposition(self) -> DataFrame:
        """What equal steps take from the slopes of each cell, and what stays."""
        return decompose(self._of(*SLOPES), [*CELL, "metric", "quantity"])

    @cached_property
    def groups(self) -> DataFrame:
        """The same for the mean over the transformers of one wiring and size."""
        blocks = self._of(*SLOPES)
        transformers = blocks[blocks["kind"].isin(TRANSFORMERS)]
        return decompose(transformers, [*GROUP, "metric", "quantity"])

    @cached_property
    def contrasts(self) -> DataFrame:
        """Sequential - parallel blocks, large - small models."""
        return contrasts(self._of(*SLOPES, "width"))

    @cached_property
    def positive(self) -> DataFrame:
        """How many standard slopes are positive, by metric."""
        slopes = self.numbers[(self.numbers["quantity"] == "slope") & (self.numbers["control"] == STANDARD)]
        return count_positive(slopes, ["metric"], CELL)

    @cached_property
    def ranks(self) -> DataFrame:
        """Steepness of the standard slope against objective distance."""
        steep = self.slopes[self.slopes["control"] == STANDARD]
        steep = steep[steep["quantity"].isin(SLOPES)]
        far = self.distances[self.distances["control"] == STANDARD]
        far = over_seeds(far, [*CELL, "distance"])[[*CELL, "distance", "mean"]]
        cells = steep.rename(columns={"mean": "steepness"}).merge(
            far.rename(columns={"distance": "distance_kind", "mean": "distance"}), on=CELL
        )
        by = ["metric", "quantity", "distance_kind"]
        return steepness_against_distance(cells, by, "architecture")

    @cached_property
    def width(self) -> DataFrame:
        """Width by architecture."""
        return width_by_architecture(self.numbers)

    @cached_property
    def width_order(self) -> DataFrame:
        """How much wider than sequential decoders the other transformers are."""
        return width_order(self.numbers)

    @cached_property
    def width_shares(self) -> DataFrame:
        """What explains width."""
        return what_explains_width(self.numbers)

    @cached_property
    def families(self) -> DataFrame:
        """Change by depth by family and control, each run on the scale of its own mean."""
        return family_profiles(self.layers)

    def findings(self, published_share: float) -> list[Finding]:
        """The published findings, as these runs show them in the main metric."""
        groups, cells, ranks = (
            _slopes(self._main(table)) for table in (self.groups, self.decomposition, self.ranks)
        )
        cells = cells[cells["kind"].isin(TRANSFORMERS)]
        return [
            findings.positive_slopes(self._main(self.positive), published_share),
            fates.sequential_keeps(groups, cells),
            fates.parallel_keeps(groups, cells),
            fates.larger_keep(groups, cells),
            findings.steepness(ranks),
            findings.width(self._main(self.width_order), self._main(self.width_shares)),
        ]

    def _of(self, *quantities: str) -> DataFrame:
        return self.numbers[self.numbers["quantity"].isin(quantities)]

    def _main(self, table: DataFrame) -> DataFrame:
        return table[table["metric"] == self.metric] if "metric" in table else table


def _slopes(table: DataFrame) -> DataFrame:
    return table[table["quantity"] == "slope"] if len(table) else table


def analyse(arms: Sequence[Arm]) -> Depth:
    """The tables of the runs that trained every block."""
    return Depth(*(table[table["arm"] == WHOLE] for table in gather(arms)))
