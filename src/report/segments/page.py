"""A page of its own for swapped or merged segments, with its pictures and tables beside it."""

from collections.abc import Callable, Sequence
from pathlib import Path

from src.analysis.segment_tables import SegmentTables, read_tables
from src.report.intervened_page import facts_of, write_analysis
from src.report.parts import Block, Chart, Part


def write_page(
    kind: str, title: str, blocks: Callable[[SegmentTables], Sequence[Block]], folder: Path, name: str
) -> Path:
    """KIND.html in the folder of the tables, and a PNG file a plot; the page's path."""
    found = read_tables(folder, kind, name)
    made = blocks(found)
    pictures = {
        f"{chart.name}-{label}".replace(" ", "_").replace(",", ""): plot
        for chart in made
        if isinstance(chart, Chart)
        for label, plot in chart.plots.items()
    }
    return write_analysis(folder / f"{kind}.html", name, Part(title, made), pictures, facts_of(found.about))
