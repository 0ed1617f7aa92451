"""Whether a fresh study lands on the committed one: numbers within its intervals, verdicts as they were."""

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from src.analysis.claims import MINIATURE, NO_CLAIM
from src.errors import DataError
from src.statistics.claim import UNDECIDED
from src.storage.files import as_written

SCORES, DIFFERENCES, VERDICTS = "scores.csv", "differences.csv", "published.csv"
_BEFORE, _AFTER, _DIFFERENCE, _VERDICT = "before", "after", "value", "verdict"
_LOW, _HIGH = "ci_low", "ci_high"
_MEASURED = (_BEFORE, _AFTER, _LOW, _HIGH, "num_seeds", "num_items", "num_trainable", "scale")
_CONTRAST = ("task", "band", "condition")
_CLAIM = ("reference", "name", "ours")
_OPEN = {UNDECIDED, MINIATURE, NO_CLAIM}
Row = dict[str, str]


@dataclass(frozen=True)
class Agreement:
    """One committed number and its fresh counterpart."""

    arm: str
    committed: float
    low: float
    high: float
    fresh: float | None
    """None where the fresh study lacks it."""

    @property
    def holds(self) -> bool:
        """Whether the fresh number lies within the committed interval."""
        return self.fresh is not None and self.low <= self.fresh <= self.high


@dataclass(frozen=True)
class SameVerdict:
    """The committed word for a published effect and the fresh one."""

    claim: str
    committed: str
    fresh: str | None
    """None where the fresh study lacks it."""

    @property
    def holds(self) -> bool:
        """Whether they do not contradict each other: what decides nothing contradicts no word."""
        return self.fresh is not None and (
            self.fresh == self.committed or bool({self.fresh, self.committed} & _OPEN)
        )


def compare(fresh: Path, committed: Path) -> list[Agreement]:
    """Compare two tables scores.csv, arm by arm; the pretrained model is an arm with a score before alone.

    Args:
        fresh: folder of a report just made.
        committed: folder of the committed one.

    Raises:
        DataError: a table is missing, has other columns, or the two tell their arms apart by other settings.
    """
    needed = (_BEFORE, _AFTER, _LOW, _HIGH)
    new, old = _read(fresh / SCORES, needed), _read(committed / SCORES, needed)
    keys, old_keys = _keys(new), _keys(old)
    if keys != old_keys:
        raise DataError(
            f"{fresh / SCORES}: arms are told apart by {', '.join(keys)}; committed: {', '.join(old_keys)}"
        )
    found = _within([row | {_AFTER: row[_AFTER] or row[_BEFORE]} for row in new],
                    [row | {_AFTER: row[_AFTER] or row[_BEFORE]} for row in old], keys, _AFTER)  # fmt: skip
    if not found:
        raise DataError(f"{committed / SCORES}: holds no score with an interval")
    return found


def compare_differences(fresh: Path, committed: Path) -> list[Agreement]:
    """The same of differences.csv, every band against LoRA; nothing where none was committed."""
    if not (committed / DIFFERENCES).is_file():
        return []
    needed = (*_CONTRAST, _DIFFERENCE, _LOW, _HIGH)
    new, old = (_read(folder / DIFFERENCES, needed) for folder in (fresh, committed))
    return _within(new, old, _CONTRAST, _DIFFERENCE)


def compare_verdicts(fresh: Path, committed: Path) -> list[SameVerdict]:
    """The verdicts of published.csv; nothing where none was committed."""
    if not (committed / VERDICTS).is_file():
        return []
    new, old = (_read(folder / VERDICTS, (*_CLAIM, _VERDICT)) for folder in (fresh, committed))
    values = {_arm(row, _CLAIM): row[_VERDICT] for row in new}
    return [SameVerdict(one, row[_VERDICT], values.get(one)) for row in old for one in (_arm(row, _CLAIM),)]


def _within(new: Sequence[Row], old: Sequence[Row], keys: Sequence[str], value: str) -> list[Agreement]:
    values = {_arm(row, keys): row[value] for row in new}
    found = []
    for row in old:
        if row[value] and row[_LOW] and row[_HIGH]:  # else there is no interval to land in
            now = values.get(_arm(row, keys))
            ends = (float(row[value]), float(row[_LOW]), float(row[_HIGH]))
            found.append(Agreement(_arm(row, keys), *ends, float(now) if now else None))
    return found


def _read(path: Path, needed: Sequence[str]) -> list[Row]:
    if not path.is_file():
        raise DataError(f"{path}: no such file; python -m src.report makes it of a folder of runs")
    with as_written(path.parent), path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    missing = [name for name in needed if not rows or name not in rows[0]]
    if missing:
        raise DataError(
            f"{path}: has no column {missing[0]!r}; accepted: {path.name} of python -m src.report"
        )
    for number, row in enumerate(rows, start=1):
        if None in row or None in row.values():
            raise DataError(f"{path}: row {number} has another number of fields than the first line")
        for name in {_BEFORE, _AFTER, _DIFFERENCE, _LOW, _HIGH} & set(needed):
            _check_number(f"{path}: row {number}: {name}", row[name])
    return rows


def _check_number(place: str, text: str) -> None:
    """DataError for what is neither empty nor a finite number."""
    try:
        known = not text or math.isfinite(float(text))
    except ValueError:
        known = False
    if not known:
        raise DataError(f"{place}: given {text[:60]!r}; accepted: a number, or nothing")


def _keys(rows: Sequence[Row]) -> list[str]:
    return [name for name in rows[0] if name not in _MEASURED]


def _arm(row: Row, keys: Sequence[str]) -> str:
    return ", ".join(row[key] for key in keys if row[key])
