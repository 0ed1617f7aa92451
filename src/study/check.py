"""Whether a fresh study lands on the committed one: each score within the committed interval."""

import csv
from dataclasses import dataclass
from pathlib import Path

from src.errors import DataError

SCORES = "scores.csv"
_BEFORE, _AFTER = "before", "after"
_LOW, _HIGH = "95 % interval, low", "95 % interval, high"
_MEASURED = (_BEFORE, _AFTER, _LOW, _HIGH, "seeds", "n", "trainable", "alpha / rank")


@dataclass(frozen=True)
class Agreement:
    """One committed score and its fresh counterpart."""

    arm: str
    committed: float
    low: float
    high: float
    fresh: float | None
    """None where the fresh study lacks it."""

    @property
    def holds(self) -> bool:
        """Whether the fresh score lies within the committed interval."""
        return self.fresh is not None and self.low <= self.fresh <= self.high


def compare(fresh: Path, committed: Path) -> list[Agreement]:
    """Compare two tables scores.csv, arm by arm; the pretrained model is an arm with a score before alone.

    Args:
        fresh: folder of a report just made.
        committed: folder of the committed one.

    Raises:
        DataError: a table is missing, has other columns, or the two tell their arms apart by other settings.
    """
    new, old = _read(fresh / SCORES), _read(committed / SCORES)
    keys, old_keys = _keys(new), _keys(old)
    if keys != old_keys:
        raise DataError(
            f"{fresh / SCORES}: arms are told apart by {', '.join(keys)}; committed: {', '.join(old_keys)}"
        )
    values = {_arm(row, keys): row for row in new}
    found = []
    for row in old:
        other = values.get(_arm(row, keys))
        of = _AFTER if row[_AFTER] else _BEFORE
        if not (row[of] and row[_LOW] and row[_HIGH]):
            continue  # no interval to land in
        now = float(other[of]) if other is not None and other[of] else None
        found.append(Agreement(_arm(row, keys), float(row[of]), float(row[_LOW]), float(row[_HIGH]), now))
    if not found:
        raise DataError(f"{committed / SCORES}: holds no score with an interval")
    return found


def _read(path: Path) -> list[dict[str, str]]:
    if not path.is_file():
        raise DataError(f"{path}: no such file; python -m src.report makes it of a folder of runs")
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    missing = [name for name in (_BEFORE, _AFTER, _LOW, _HIGH) if not rows or name not in rows[0]]
    if missing:
        raise DataError(f"{path}: has no column {missing[0]!r}; accepted: scores.csv of python -m src.report")
    return rows


def _keys(rows: list[dict[str, str]]) -> list[str]:
    return [name for name in rows[0] if name not in _MEASURED]


def _arm(row: dict[str, str], keys: list[str]) -> str:
    return ", ".join(row[key] for key in keys)
