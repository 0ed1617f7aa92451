"""The same report as Markdown and CSV."""

import csv
import io
from collections.abc import Sequence
from typing import Any

from src.report.blocks import Chart, Part, Table, Text

_MOST_ROWS = 60
"""Of a table in Markdown; the CSV has all of them."""


def markdown(title: str, lead: Sequence[str], parts: Sequence[Part], figures: Sequence[str]) -> str:
    """All tables and texts; figures are named where they are drawn as files."""
    lines = [f"# {title}", "", *(f"{line}\n" for line in lead)]
    for part in parts:
        blocks = [_block(block) for block in part.blocks]
        if any(blocks):
            lines += [f"## {part.title}", "", *(block for block in blocks if block)]
    lines += ["## Figures", ""] if figures else []
    lines += [f"![{name.replace('_', ' ')}]({name}.png)\n" for name in figures]
    return "\n".join(lines).rstrip() + "\n"


def csv_text(table: Table) -> str:
    """All digits; an interval is two columns; a missing value is an empty field."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    spans = [any(isinstance(row[i], tuple) for row in table.rows) for i in range(len(table.columns))]
    names = [column.name for column in table.columns]
    writer.writerow([part for name, two in zip(names, spans, strict=True)
                     for part in ((f"{name}, low", f"{name}, high") if two else (name,))])  # fmt: skip
    for row in table.rows:
        cells: list[Any] = []
        for cell, two in zip(row, spans, strict=True):
            cells += [*(cell or (None, None))] if two else [cell]
        writer.writerow(["" if cell is None or cell != cell else cell for cell in cells])
    return text.getvalue()


def _block(block: Table | Chart | Text) -> str:
    if isinstance(block, Chart):
        return ""
    if isinstance(block, Text):
        return "\n".join(f"- {line}" if block.bullets else f"{line}\n" for line in block.lines) + "\n"
    shown = block.shown()
    heads = [column.name for column in block.columns]
    rules = ["--:" if column.numeric else ":--" for column in block.columns]
    body = "\n".join(_line(row) for row in [heads, rules, *shown[:_MOST_ROWS]])
    rest = len(shown) - _MOST_ROWS
    more = f"\n{rest} more rows: see [{block.name}.csv]({block.name}.csv)\n" if rest > 0 else ""
    return f"### {block.title}\n\n{body}\n{more}" + (f"\n{block.note}\n" if block.note else "")


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
