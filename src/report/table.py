"""The one model of a table: rows under names that never change, shown under words that may.

The page, Markdown, CSV, the terminal and W&B are renderers of it. Nothing here knows any of them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from src.report.number_format import Show

MISSING = "–"
Row = Mapping[str, Any]
"""Stable name to plain value; a name that is not there, None, NaN and an empty text are missing."""


@dataclass(frozen=True)
class Column:
    """Where a column's values stand in a row, and how they are shown."""

    keys: tuple[str, ...]
    """The stable names: one, or those of the two ends of an interval. They head the CSV file."""
    title: str
    show: Show = str
    numeric: bool = True
    """Aligned to the right."""
    wide: bool = False
    """Text that may break over lines."""

    def shown(self, row: Row) -> str:
        """The cell as text, a dash where a value is missing."""
        values = [row.get(key) for key in self.keys]
        return MISSING if any(is_missing(value) for value in values) else self.show(*values)


@dataclass(frozen=True)
class Table:
    """Rows under columns."""

    name: str
    """Of the CSV file."""
    title: str
    columns: Sequence[Column]
    rows: Sequence[Row]
    note: str = ""
    folded: bool = False
    """Shown closed, behind its title."""
    judges: str = ""
    """What its column `verdict` judges, in words for the head of the page; empty without such a column."""

    @property
    def keys(self) -> list[str]:
        """The stable names in order."""
        return [key for column in self.columns for key in column.keys]

    @property
    def titles(self) -> list[str]:
        """The words over the columns."""
        return [column.title for column in self.columns]

    def shown(self, most_rows: int | None = None) -> list[list[str]]:
        """The cells of the first rows as text, of all where no number is given."""
        return [[column.shown(row) for column in self.columns] for row in self.rows[:most_rows]]


def is_missing(value: Any) -> bool:
    """Whether there is nothing to show."""
    return value is None or value == "" or value != value
