"""The eraser in the report of an experiment, and as a page of its own."""

from pathlib import Path

from src.analysis.intervened import Intervened
from src.report.eraser.section import SECTION, blocks, rates_plot, reversal_plot
from src.report.intervened_page import write_analysis
from src.report.parts import Part
from src.report.plugins import Plugin


def write_page(folder: Path, name: str) -> Path:
    """eraser.html in the folder of the tables, and two PNG files; the page's path."""
    found = Intervened(name, folder)
    pictures = {"reversal": reversal_plot(found), "rates": rates_plot(found)}
    part = Part(SECTION.title, blocks(found))
    return write_analysis(folder / "eraser.html", name, part, pictures)


PLUGIN = Plugin(depth=(SECTION,), page=write_page)
