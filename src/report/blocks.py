"""What a section is made of: tables, charts, text. Nothing here knows HTML, Markdown or CSV."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

MISSING = "–"


@dataclass(frozen=True)
class Column:
    """A column of a table; the cells hold plain values, formatted when they are shown."""

    name: str
    show: Callable[[Any], str] = str
    numeric: bool = True
    """Aligned to the right."""
    wide: bool = False
    """Text that may break over lines."""


@dataclass(frozen=True)
class Table:
    """Rows under columns; None is a missing value."""

    name: str
    """Of the CSV file."""
    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Any]]
    note: str = ""
    folded: bool = False
    """Shown closed, behind its title."""

    def shown(self) -> list[list[str]]:
        """The cells as text, a dash where a value is missing."""
        return [
            [MISSING if _missing(cell) else column.show(cell)
             for column, cell in zip(self.columns, row, strict=True)]
            for row in self.rows
        ]  # fmt: skip


@dataclass(frozen=True)
class Chart:
    """One figure, or several of which the reader chooses one; each is a plotly figure as plain data."""

    name: str
    title: str
    figures: Mapping[str, dict[str, Any]]
    note: str = ""
    label: str = ""
    """What is chosen, such as `metric`."""
    data: Table | None = None
    """The numbers that it draws, where no table shows them: a CSV beside the page."""


@dataclass(frozen=True)
class Text:
    """A paragraph, or a list of short ones."""

    lines: Sequence[str]
    bullets: bool = False


@dataclass(frozen=True)
class Part:
    """A section that was built."""

    title: str
    blocks: Sequence[Table | Chart | Text] = field(default_factory=list)


def decimals(places: int) -> Callable[[float], str]:
    """Show a number with so many decimals; a true minus sign."""
    return lambda value: f"{value:.{places}f}".replace("-", "−")


def signed(places: int) -> Callable[[float], str]:
    """The same with its sign."""
    return lambda value: f"{value:+.{places}f}".replace("-", "−")


def span(
    places: int, form: Callable[[int], Callable[[float], str]] = signed
) -> Callable[[Sequence[float]], str]:
    """Show an interval (low, high)."""
    show = form(places)
    return lambda ends: (
        MISSING if any(math.isnan(end) for end in ends) else f"{show(ends[0])} to {show(ends[1])}"
    )


def count(value: float) -> str:
    """Show a whole number with thousands separated."""
    return f"{value:,.0f}"


def percent(share: float) -> str:
    """Show a share: 99.4 %."""
    return f"{100 * share:.4g} %"


def pvalue(value: float) -> str:
    """Show a probability."""
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def _missing(cell: Any) -> bool:
    return cell is None or cell == "" or (isinstance(cell, float) and math.isnan(cell))
