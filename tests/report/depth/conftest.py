"""Made-up runs whose answers are known."""

import itertools

import pandas
import pytest


@pytest.fixture
def made_up():
    """made_up(value, **columns): a table of every combination of the columns, value(**row) in `value`."""

    def table(value, **columns):
        rows = [dict(zip(columns, row, strict=True)) for row in itertools.product(*columns.values())]
        return pandas.DataFrame([row | {"value": value(**row)} for row in rows])

    return table
