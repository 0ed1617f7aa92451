"""All tables of the depth-profile study, from runs: an analysis that the report plugs in."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from pandas import DataFrame

from src.analysis.arms import Arm
from src.analysis.claims import MINIATURE
from src.analysis.depth import equal_step_verdicts, findings
from src.analysis.depth.architecture import what_explains_width, width_by_architecture, width_order
from src.analysis.depth.decomposition import STANDARD, decompose
from src.analysis.depth.family_profiles import family_profiles
from src.analysis.depth.finding import NONE, Finding
from src.analysis.depth.gather import gather
from src.analysis.depth.positive import count_positive
from src.analysis.depth.seed_means import over_seeds
from src.analysis.depth.settings import CELL, SETTING, TRANSFORMERS, WHOLE, has_several, is_crossed
from src.analysis.depth.steepness import steepness_against_distance
from src.analysis.depth.wiring_and_size import wiring_and_size
from src.analysis.families import Row
from src.analysis.material import Material
from src.analysis.references import Published
from src.config.reference import Claim
from src.statistics.claim import CONFIRMED, UNDECIDED

MAIN = ("procrustes_distance", "cka_debiased", "cka_biased", "weight_change")
"""Metrics of the figures and findings: the first of these that was measured; tables have all."""
SLOPES = ("slope", "relative_slope")
GROUP = ["wiring", "size", "objective", "data", "method"]


_REFERENCE = "depth_profile_study"
_RULES = {
    "positive_slopes": findings.positive_slopes,
    "equal_step_sequential_keeps_slope": equal_step_verdicts.sequential_keeps,
    "equal_step_parallel_keeps_slope": equal_step_verdicts.parallel_keeps,
    "equal_step_larger": equal_step_verdicts.larger_keep,
    "steepness_with_objective_distance": findings.steepness,
    "width_by_architecture": findings.width,
}
"""The function that judges each finding; its docstring is the rule."""
_HERE = {CONFIRMED: "as published", UNDECIDED: "open"}
"""What a check in miniature says in place of the words; of all others: not as published."""


class Extent(NamedTuple):
    """How much was run."""

    runs: int
    models: int
    seeds: int
    miniatures: int
    """Models that are small twins of the checkpoints they are named after."""


@dataclass(frozen=True)
class DepthStudy:
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

    @property
    def several(self) -> bool:
        """Whether there is anything to set side by side: several models, objectives or controls."""
        return has_several(self.numbers)

    @property
    def extent(self) -> Extent:
        """What was run."""
        runs = self.numbers.drop_duplicates("run")
        models = runs.drop_duplicates("model")
        return Extent(len(runs), len(models), runs["seed"].nunique(), int(models["miniature"].sum()))

    @cached_property
    def slopes(self) -> DataFrame:
        """Every quantity of every cell and control, over seeds; run_stderr: a run's own error, the mean."""
        by = [*SETTING, "metric", "quantity"]
        own = self.numbers.groupby(by, dropna=False, sort=False)["stderr"].mean()
        return over_seeds(self.numbers, by).merge(own.rename("run_stderr").reset_index(), on=by)

    @property
    def main_slopes(self) -> DataFrame:
        """Those of the figure: of the main metric, every cell and control."""
        return self._main(_slopes(self.slopes))

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
        """How many standard slopes are positive, by metric."""
        slopes = self.numbers[(self.numbers["quantity"] == "slope") & (self.numbers["control"] == STANDARD)]
        return count_positive(slopes, ["metric"], CELL)

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
            equal_step_verdicts.sequential_keeps(groups, cells),
            equal_step_verdicts.parallel_keeps(groups, cells),
            equal_step_verdicts.larger_keep(groups, cells),
            findings.steepness(ranks),
            findings.width(self._main(self.width_order), self._main(self.width_shares)),
        ]

    def _of(self, *quantities: str) -> DataFrame:
        return self.numbers[self.numbers["quantity"].isin(quantities)]

    def _main(self, table: DataFrame) -> DataFrame:
        return table[table["metric"] == self.metric] if "metric" in table else table


def _slopes(table: DataFrame) -> DataFrame:
    return table[table["quantity"] == "slope"] if len(table) else table


def analyse(arms: Sequence[Arm]) -> DepthStudy:
    """The tables of the runs that trained every block."""
    return DepthStudy(*(table[table["arm"] == WHOLE] for table in gather(arms)))


def depth_study(material: Material) -> DepthStudy:
    """The study of an experiment; nothing is gathered where nothing was crossed."""
    return analyse(material.study.arms if is_crossed(material.study.arms) else [])


def finding_rows(depth: DepthStudy, published: Sequence[Published]) -> list[Row]:
    """The published findings, ours beside them, the word and its rule."""
    known = {one.number.name: one.number for one in published if one.file == _REFERENCE}
    count = known.get("positive_slopes")
    share = count.value / count.n if count and count.value and count.n else float("nan")
    claims = {one.number.name: one.claim for one in published if one.file == _REFERENCE}
    rows = []
    for one in depth.findings(share):
        number = known.get(one.name)
        told = number.note if number and number.value is None else None
        in_words = (told or "").removeprefix("in words only, ")
        rows.append({
            "name": one.name.replace("_", " "),
            "published": f"{number.value:g} of {number.n}" if number and number.value else in_words,
            **_worded(one, claims.get(one.name), depth),
            "rule": " ".join((_RULES[one.name].__doc__ or "").split()),
        })  # fmt: skip
    return rows


def _worded(one: Finding, claim: Claim | None, depth: DepthStudy) -> Row:
    """The word, for runs of the declared models at their size alone; of all others what is seen here."""
    if one.verdict == NONE:
        return {"ours": one.ours, "verdict": "not measured"}
    models = claim.setting.models if claim and claim.setting else []
    if models and not depth.extent.miniatures and set(depth.numbers["model"]) <= set(models):
        return {"ours": one.ours, "verdict": one.verdict}
    seen = _HERE.get(one.verdict, "not as published")
    return {"ours": f"here {seen}: {one.ours}", "verdict": MINIATURE}
