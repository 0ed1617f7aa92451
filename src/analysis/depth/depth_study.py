"""All tables of the depth-profile study, from runs: an analysis that the report plugs in."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import pandas
from pandas import DataFrame

from src.analysis.arms import NULLS, Arm
from src.analysis.depth.architecture import what_explains_width, width_by_architecture, width_order
from src.analysis.depth.decomposition import STANDARD, decompose
from src.analysis.depth.family_profiles import family_profiles
from src.analysis.depth.gather import gather
from src.analysis.depth.null import AS_IT_IS, RELATIVE, SAME, SLOPES, readings
from src.analysis.depth.positive import count_positive
from src.analysis.depth.seed_means import over_seeds, shares_within
from src.analysis.depth.settings import CELL, MODEL, SETTING, TRANSFORMERS, WHOLE, has_several, is_crossed
from src.analysis.depth.steepness import steepness_against_distance
from src.analysis.depth.wiring_and_size import wiring_and_size
from src.analysis.material import Material

MAIN = ("procrustes_distance", "cka_debiased", "cka_biased", "weight_change")
"""Metrics of the figures and findings: the first of these that was measured; tables have all."""
GROUP = ["wiring", "size", "objective", "data", "method"]
_SHARES = ("width", "centre")
"""Quantities between 0 and 1."""


class Extent(NamedTuple):
    """How much was run."""

    runs: int
    models: int
    seeds: int
    draws: int
    """Random pushes."""
    miniatures: int
    """Models that are small twins of the checkpoints they are named after."""


@dataclass(frozen=True)
class DepthStudy:
    """The tables, each made when it is asked for. Only runs that changed every block enter."""

    numbers: DataFrame
    layers: DataFrame
    distances: DataFrame
    """Objective distance at initialisation."""
    pushes: DataFrame
    """The numbers of the nulls, which are not among the others."""
    reading: str = AS_IT_IS
    """Which of the readings it is."""

    @cached_property
    def readings(self) -> dict[str, "DepthStudy"]:
        """The study as it is; where a null was run, as the null has it, and what is beyond it."""
        return {
            name: self if name == AS_IT_IS else replace(self, numbers=numbers, reading=name)
            for name, numbers in readings(self.numbers, self.pushes).items()
        }

    def read(self, table: str, with_nulls: bool = True) -> DataFrame:
        """One table in all readings, the column `reading` tells which.

        Args:
            table: the name of a property.
            with_nulls: as the nulls have it too; where both controls have one null there is nothing to tell.
        """
        read = [(name, one) for name, one in self.readings.items() if with_nulls or name not in NULLS]
        found = [getattr(one, table).assign(reading=name) for name, one in read]
        return pandas.concat([one for one in found if len(one)] or found[:1], ignore_index=True)

    @property
    def null(self) -> str | None:
        """The first null that findings are judged beyond; None where none was run."""
        return next((name for name in NULLS if name in self.readings), None)

    @property
    def further_nulls(self) -> list[str]:
        """The others that stand beside all of its runs without a control."""
        if self.null is None:
            return []
        there = [name for name in NULLS if name in self.readings and name != self.null]
        return [name for name in there if self._standard(self.null) <= self._standard(name)]

    def _standard(self, null: str) -> set[str]:
        """The runs without a control that a null stands beside."""
        found = self.readings[null].numbers
        return set(found.loc[found["control"] == "none", "run"])

    @property
    def metric(self) -> str:
        """What the figures and the findings are about."""
        known = set(self.numbers["metric"])
        return next((name for name in MAIN if name in known), "")

    @property
    def mean_weight_change(self) -> float | None:
        """Mean ||dW|| / ||W|| of a block, over all runs; None where nobody measured it."""
        found = self.layers.loc[self.layers["metric"] == "weight_change", "value"].mean()
        return float(found) if found > 0 else None

    @property
    def several(self) -> bool:
        """Whether there is anything to set side by side: several models, objectives or controls."""
        return has_several(pandas.concat([self.numbers, self.pushes]) if len(self.pushes) else self.numbers)

    @property
    def extent(self) -> Extent:
        """What was run."""
        runs = self.numbers.drop_duplicates("run")
        models = runs.drop_duplicates("model")
        draws, miniatures = self.pushes["run"].nunique(), int(models["miniature"].sum())
        return Extent(len(runs), len(models), runs["seed"].nunique(), draws, miniatures)

    @cached_property
    def slopes(self) -> DataFrame:
        """Every quantity of every cell and control, over seeds; run_stderr: a run's own error, the mean."""
        by = [*SETTING, "metric", "quantity"]
        own = self.numbers.groupby(by, dropna=False, sort=False)["stderr"].mean()
        found = over_seeds(self.numbers, by).merge(own.rename("run_stderr").reset_index(), on=by)
        return shares_within(found, found["quantity"].isin(_SHARES)) if self._bounded else found

    @property
    def main_slopes(self) -> DataFrame:
        """Those of the figure: relative ones of the main metric, every cell and control."""
        return self.of_main(self.slopes, RELATIVE)

    @property
    def null_slopes(self) -> DataFrame:
        """The same of the pushes: a row a null and model, over draws."""
        return over_seeds(self.of_main(self.pushes, RELATIVE), [*MODEL, "control"])

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
        return wiring_and_size(self._of(*SLOPES, "width"))

    @cached_property
    def positive(self) -> DataFrame:
        """How many standard slopes are positive, by metric and kind of slope; a push that several cells share
        counts once.
        """
        slopes = self._of(*SLOPES)
        slopes = slopes[slopes["control"] == STANDARD]
        slopes = slopes.drop_duplicates([*SAME, "value"]) if self.reading in NULLS else slopes
        return count_positive(slopes, ["metric", "quantity"], CELL)

    @cached_property
    def ranks(self) -> DataFrame:
        """Steepness of the standard slope against objective distance."""
        steep = self.slopes[self.slopes["control"] == STANDARD]
        steep = steep[steep["quantity"].isin(SLOPES)]
        far = self.distances[self.distances["control"] == STANDARD]
        far = over_seeds(far, [*CELL, "distance"])[[*CELL, "distance", "value"]]
        cells = steep.rename(columns={"value": "steepness"}).merge(
            far.rename(columns={"distance": "distance_kind", "value": "distance"}), on=CELL
        )
        by = ["metric", "quantity", "distance_kind"]
        return steepness_against_distance(cells, by, "architecture")

    @cached_property
    def width(self) -> DataFrame:
        """Width by architecture."""
        found = width_by_architecture(self.numbers)
        return shares_within(found, found["value"].notna()) if self._bounded else found

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

    @property
    def _bounded(self) -> bool:
        """Whether a width is one: what is beyond a null is a difference of two."""
        return self.reading == AS_IT_IS or self.reading in NULLS

    def _of(self, *quantities: str) -> DataFrame:
        return self.numbers[self.numbers["quantity"].isin(quantities)]

    def of_main(self, table: DataFrame, quantity: str | None = None) -> DataFrame:
        """The rows of a table that are of the main metric, and of one quantity."""
        if "metric" not in table or table.empty:
            return table
        found = table[table["metric"] == self.metric]
        return found if quantity is None else found[found["quantity"] == quantity]


def analyse(arms: Sequence[Arm]) -> DepthStudy:
    """The tables of the runs that changed every block, trained ones and nulls."""
    numbers, layers, distances = (table[table["arm"] == WHOLE] for table in gather(arms))
    pushed = numbers["control"].isin(NULLS)
    far = distances[~distances["control"].isin(NULLS)]
    return DepthStudy(numbers[~pushed], layers, far, numbers[pushed])


def depth_study(material: Material) -> DepthStudy:
    """The study of an experiment; nothing is gathered where nothing was crossed."""
    arms = [*material.study.arms, *material.study.nulls]
    return analyse(arms if is_crossed(arms) else [])
