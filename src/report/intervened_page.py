"""A page of its own for one analysis of finished runs, with its pictures beside it."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from src.analysis.intervened import Intervened
from src.report.page import html_page
from src.report.parts import Block, Part
from src.report.plot import Plot
from src.report.png_figure import draw
from src.storage.files import write_text


def write_intervened(
    found: Intervened, analysis: str, title: str, blocks: Sequence[Block], pictures: Mapping[str, Plot]
) -> Path:
    """ANALYSIS.html in the folder of the tables, and a PNG file a picture; the page's path."""
    path = found.folder / f"{analysis}.html"
    write_text(path, html_page(found.name, [], {}, [Part(title, blocks)], "", made_up=False))
    for name, plot in pictures.items():
        draw(plot, found.folder / f"{name}.png")
    return path
