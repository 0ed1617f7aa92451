"""Seeds crossed with sets of rows: every band against LoRA on the whole stack, over both."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy

from src.analysis.arm_scores import ArmScores, TaskScores
from src.analysis.arms import RANDOM, WHOLE
from src.analysis.families import Row, tested_together
from src.analysis.material import Material
from src.statistics.seeds_and_rows import differences, shares

ROWS = "data.seed"
_MIN_ARMS, _MIN_DRAWS = 3, 2


@dataclass(frozen=True)
class CrossedRows:
    """A score under one condition: arms that every seed trained on every set of rows."""

    task: str
    condition: str
    arms: list[ArmScores]
    """On the first set of rows."""
    table: numpy.ndarray
    """[arm, seed, rows]"""

    @property
    def varying(self) -> list[bool]:
        """Which arms' blocks differ by seed."""
        return [one.arm.band == RANDOM for one in self.arms]

    @property
    def key(self) -> dict[str, Any]:
        """Which score, under what."""
        return {"task": self.task, "condition": self.condition}

    @property
    def counts(self) -> dict[str, int]:
        """Seeds and sets of rows."""
        return dict(zip(("num_seeds", "num_row_sets"), self.table.shape[1:], strict=True))


def crossed_rows(material: Material) -> list[CrossedRows]:
    """Every score and condition of two seeds and two sets of rows, and three arms that have blocks of their
    own, at least.
    """
    if ROWS not in material.study.factors:
        return []
    return [one for task in material.scores for one in _of_task(material, task)]


def difference_rows(material: Material) -> list[Row]:
    """A row a score, condition and band: minus LoRA on the whole stack, corrected over bands."""
    rows = []
    for one in material.get(crossed_rows):
        whole = next((place for place, arm in enumerate(one.arms) if _is_whole(arm)), None)
        if whole is None:
            continue
        found = differences(one.table, whole, one.varying)
        others = sorted(
            (place for place in range(len(found)) if place != whole), key=lambda at: one.arms[at].arm.order
        )
        tested = tested_together([found[place] for place in others])
        for place, test in zip(others, tested, strict=True):
            rows.append(one.key | {"band": one.arms[place].arm.band} | test.row | one.counts)
    return rows


def share_rows(material: Material) -> list[Row]:
    """A row a score and condition: what the variance between arms is made of."""
    return [_share_row(one) for one in material.get(crossed_rows)]


def _share_row(one: CrossedRows) -> Row:
    found = shares(one.table, one.varying)
    parts = {"between_seeds": found.seeds, "between_rows": found.rows, "between_rest": found.rest}
    tests = {"p_between_seeds": found.p_seeds, "p_between_rows": found.p_rows}
    return one.key | parts | tests | {"num_arms": one.varying.count(False)} | one.counts


def _is_whole(one: ArmScores) -> bool:
    return one.arm.band == WHOLE and one.arm.published


def _of_task(material: Material, task: TaskScores) -> Iterator[CrossedRows]:
    """Rows and seeds are those of the arm that has most of them; arms that lack one are left out."""
    conditions: dict[str, dict[tuple[str, ...], dict[str, ArmScores]]] = {}
    for one in task.arms:
        factors = one.arm.factors
        place = tuple(value for name, value in factors.items() if name != ROWS)
        arms = conditions.setdefault(material.study.condition(one.arm, ROWS), {})
        arms.setdefault(place, {})[factors[ROWS]] = one
    for condition, arms in conditions.items():
        most = max(arms.values(), key=len)
        longest = max((one.tuned for sets in arms.values() for one in sets.values()), key=len)
        rows, seeds = sorted(most), sorted(longest)
        kept = [sets for sets in arms.values() if _is_whole_grid(sets, rows, seeds)]
        table = [[[sets[row].tuned[seed].value for row in rows] for seed in seeds] for sets in kept]
        found = CrossedRows(task.label, condition, [sets[rows[0]] for sets in kept], numpy.array(table))
        if found.varying.count(False) >= _MIN_ARMS and min(len(rows), len(seeds)) >= _MIN_DRAWS:
            yield found


def _is_whole_grid(sets: dict[str, ArmScores], rows: list[str], seeds: list[int]) -> bool:
    return all(row in sets and set(seeds) <= set(sets[row].tuned) for row in rows)
