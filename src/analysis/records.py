"""The rows of a table of pandas."""

from typing import cast

from pandas import DataFrame

from src.analysis.families import Row


def records(table: DataFrame) -> list[Row]:
    """A mapping a row, in the table's order."""
    return cast(list[Row], table.to_dict("records"))  # the columns of our tables have words for names
