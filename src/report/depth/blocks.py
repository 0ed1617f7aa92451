"""Data frames as tables of the report: an interval is one column, every other column keeps its name."""

from collections.abc import Callable, Mapping
from typing import Any

from pandas import DataFrame

from src.report.blocks import Column, Table, count, decimals, signed, span
from src.report.blocks import pvalue as show_pvalue

_COUNTS = ("n", "num_cells", "num_models", "num_groups", "positive", "n_first", "n_second")
_PROBABILITIES = ("pvalue", "least_pvalue")


def frame_table(
    name: str,
    title: str,
    frame: DataFrame,
    columns: Mapping[str, str],
    note: str = "",
    folded: bool = False,
    places: int = 3,
) -> Table:
    """A table of some columns of a frame.

    Args:
        name: of the CSV file.
        title: of the table.
        frame: the rows.
        columns: a column of the frame to the name that is shown; `low,high` makes one interval of two.
        note: below the table.
        folded: closed at first.
        places: decimals of numbers.
    """
    heads = [
        Column(shown, _show(column, frame, places), _is_number(column, frame), _is_wide(column))
        for column, shown in columns.items()
    ]
    rows = [[_cell(row, column) for column in columns] for row in frame.to_dict("records")]
    return Table(name, title, heads, rows, note, folded)


def _cell(row: dict[str, Any], column: str) -> Any:
    if "," not in column:
        return row[column]
    low, high = (row[part] for part in column.split(","))
    return (low, high)


def _show(column: str, frame: DataFrame, places: int) -> Callable[[Any], str]:
    if "," in column:
        return span(places)
    if column in _COUNTS:
        return count
    if column in _PROBABILITIES:
        return show_pvalue
    if column.startswith("relative_size"):  # of a step: a few thousandths
        return lambda value: f"{value:.3g}"
    if column.startswith(("share", "eta", "omega", "between", "width", "sd", "stderr")):
        return decimals(places)
    return signed(places) if _is_number(column, frame) else str


def _is_number(column: str, frame: DataFrame) -> bool:
    return "," in column or frame[column].dtype.kind in "fiu"


def _is_wide(column: str) -> bool:
    return column in ("ours", "published", "sentence", "rule")
