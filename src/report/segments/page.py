"""A page of its own for swapped or merged segments, with its pictures and tables beside it."""

from collections.abc import Callable, Sequence
from pathlib import Path

from src.analysis.segment_tables import SegmentTables, read_tables
from src.report.page import html_page
from src.report.parts import Block, Chart, Part
from src.report.png_figure import draw
from src.storage.files import write_text


def write_page(
    kind: str, title: str, blocks: Callable[[SegmentTables], Sequence[Block]], folder: Path, name: str
) -> Path:
    """KIND.html in the folder of the tables, and a PNG file a plot; the page's path."""
    found = read_tables(folder, kind, name)
    facts = {"runs": str(len(found.about["runs"])), "blocks": str(found.about["num_blocks"])}
    made = blocks(found)
    path = folder / f"{kind}.html"
    write_text(path, html_page(name, [], facts, [Part(title, made)], "", made_up=False))
    for chart in made:
        if isinstance(chart, Chart):
            for label, plot in chart.plots.items():
                stem = f"{chart.name}-{label}".replace(" ", "_").replace(",", "")
                draw(plot, folder / f"{stem}.png")
    return path
