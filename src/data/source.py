"""What a source of rows is.

A new source is a file with a class like this, a row of SOURCES in src/data/catalog.py, its settings and a row
of KINDS in src/config/source.py, and a file in conf/data. Importing it imports nothing heavy.
"""

from dataclasses import dataclass
from typing import Protocol

from src.config.data import DataConfig
from src.data.rows import Row


@dataclass(frozen=True)
class Pool:
    """All rows of a source."""

    rows: list[Row]
    tests: list[Row] | None
    """Rows of a test set of its own; None: test rows are cut from `rows`."""
    name: str
    """Where they come from, for the record."""
    num_duplicates: int = 0
    """Rows that were dropped already because their prompt was there."""
    drawn: bool = False
    """Rows beyond those asked for were drawn later, and may move no earlier one."""


class Source(Protocol):
    """Rows from one kind of place."""

    def load(self, config: DataConfig, num_further: int) -> Pool:
        """Read or make the rows.

        Args:
            config: the settings.
            num_further: rows that are wanted beyond those of the three splits.

        Raises:
            DataError: there are none, or one cannot be used.
        """
        ...

    def content(self, config: DataConfig) -> list[str] | None:
        """What decides the rows beside the settings and the code, told without reading them.

        None where only reading the rows tells.
        """
        ...
