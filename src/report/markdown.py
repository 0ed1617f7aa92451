"""The report as Markdown: the head, the pictures that were drawn as files, and every table."""

from collections.abc import Sequence

from src.report.crowd import MOST_IN_TEXT
from src.report.parts import Block, Part, Text
from src.report.table import Table


def markdown(
    title: str, lead: Sequence[str], parts: Sequence[Part], figures: Sequence[str], closing: str
) -> str:
    """What was run, the figures that are files, texts and tables, one closing line."""
    lines = [f"# {title}", "", *(f"{line}\n" for line in lead)]
    pictures = [f"![{name.replace('_', ' ')}]({name}.png)\n" for name in figures]
    for place, part in enumerate(parts):
        blocks = [text for block in part.blocks if (text := _block(block))]
        lines += [f"## {part.title}", "", *blocks] if blocks else []
        lines += ["## Figures", "", *pictures] if pictures and place == 0 else []
    return "\n".join([*lines, closing]).rstrip() + "\n"


def table_markdown(table: Table) -> str:
    """The first rows of a table."""
    rules = ["--:" if column.numeric else ":--" for column in table.columns]
    return "\n".join(_line(row) for row in [table.titles, rules, *table.shown(MOST_IN_TEXT)]) + "\n"


def _block(block: Block) -> str:
    if isinstance(block, Table):
        rest = len(block.rows) - MOST_IN_TEXT
        more = f"\n{rest} more rows: see [{block.name}.csv]({block.name}.csv)\n" if rest > 0 else ""
        note = f"\n{block.note}\n" if block.note else ""
        return f"### {block.title}\n\n{table_markdown(block)}{more}{note}"
    if isinstance(block, Text):
        return "\n".join(f"- {line}" if block.bullets else f"{line}\n" for line in block.shown) + "\n"
    return ""


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
