"""A table as CSV, under its stable names."""

import csv
import io

from src.report.table import Table, is_missing


def csv_text(table: Table) -> str:
    """All digits; a missing value is an empty field."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(table.keys)
    for row in table.rows:
        values = (row.get(key) for key in table.keys)
        writer.writerow(["" if is_missing(value) else value for value in values])
    return text.getvalue()
