"""Models against each other in the middle of their depth: what one holds there that another does not."""

from itertools import combinations

import numpy

from src.analysis.arms import Arm
from src.analysis.families import Row, estimate_row
from src.analysis.material import Material
from src.statistics.seeds import paired_by_seed

MIDDLE = (0.2, 0.8)
"""Of relative depth, both ends included: the part that is called stable."""
_MODEL, _MOST = "model.name", 5


def middle_rows(material: Material) -> list[Row]:
    """A row a metric, stage and pair of models: mean over the middle, first minus second, paired by seed.

    Intervals are Student's over seeds. No rows where arms differ in more than the model, or where the models
    are more than a table of all pairs can show.
    """
    study = material.study
    if study.factors != [_MODEL] or len(study.arms) > _MOST:
        return []
    rows = []
    for (first, ours), (second, theirs) in combinations([(arm, _means(arm)) for arm in study.arms], 2):
        for metric, stage in (key for key in ours if key in theirs):
            mine, other = ours[metric, stage], theirs[metric, stage]
            if mine.keys() & other.keys():
                key = {"metric": metric, "stage": stage, "model": first.factors[_MODEL]}
                estimate = paired_by_seed(mine, other)
                rows.append(key | {"against": second.factors[_MODEL]} | estimate_row(estimate))
    return rows


def _means(arm: Arm) -> dict[tuple[str, str], dict[int, float]]:
    """Of every metric and stage: by seed, the mean over the layers of the middle that have a value."""
    found: dict[tuple[str, str], dict[int, float]] = {}
    for seed, run in arm.runs.items():
        for key, series in run.series.items():
            inside = series.value[(series.depth >= MIDDLE[0]) & (series.depth <= MIDDLE[1])]
            if (known := inside[numpy.isfinite(inside)]).size:
                found.setdefault(key, {})[seed] = float(known.mean())
    return found
