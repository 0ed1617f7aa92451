"""Does the advantage of one band over another survive a control? Band x control, paired by seed."""

from typing import NamedTuple

import pandas
from pandas import DataFrame

from src.report.depth.decomposition import EQUAL_STEP, STANDARD
from src.report.depth.seeds import over_seeds, paired


class Mean(NamedTuple):
    """A mean over n seeds with its 95 % t interval."""

    mean: float
    low: float
    high: float
    n: int


def cross(table: DataFrame, by: list[str], on: str, first: str, second: str) -> DataFrame:
    """Per group, three rows: the advantage first - second under each control, and how far it fell.

    Row `change` is the interaction: advantage under standard training minus that under equal steps, paired by
    seed. Only seeds at which all four cells were run enter any of the three.

    Args:
        table: one score a run in `value`, columns `control`, `seed`, `on` and those of `by`.
        by: such as task and score.
        on: the column of what is compared, such as method.
        first: the entry whose advantage is asked about.
        second: the entry it is compared with.
    """
    sides = paired(table, [*by, "control"], on, first, second)
    both = paired(sides, by, "control", STANDARD, EQUAL_STEP)
    parts = {"standard": STANDARD, "equal_step": EQUAL_STEP, "change": "value"}
    found = [
        over_seeds(both.assign(value=both[column]), by).assign(advantage=name)
        for name, column in parts.items()
    ]
    return pandas.concat(found, ignore_index=True)[[*by, "advantage", "n", "mean", "low", "high"]]


def survives(standard: Mean, equal_step: Mean, change: Mean) -> tuple[str, str]:
    """A verdict and one sentence, from the three rows of a group.

    none: standard training shows no advantage (its interval is not above 0), so there is none to lose.
    kept: under equal steps it is still above 0. lost: it is not, and it fell. open: the intervals decide
    neither.
    """
    if min(standard.n, equal_step.n, change.n) < 2:
        return "open", "Fewer than two seeds ran in all four cells, so nothing can be said."
    told = f"{_told(standard)} under standard training, {_told(equal_step)} under equal steps"
    fell = f"a fall of {_told(change)} (n = {change.n} seeds)"
    if standard.low <= 0:
        return "none", f"Standard training shows no advantage that could be lost: {told}; {fell}."
    if equal_step.low > 0:
        return "kept", f"The advantage survives equal steps: {told}; {fell}."
    if change.low > 0:
        return "lost", f"The advantage does not survive equal steps: {told}; {fell}."
    return "open", f"Whether the advantage survives is not decided: {told}; {fell}."


def _told(one: Mean) -> str:
    return f"{one.mean:+.3f} [{one.low:+.3f}, {one.high:+.3f}]"
