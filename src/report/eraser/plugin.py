"""The eraser in the report of an experiment, and as a page of its own."""

from pathlib import Path

from src.analysis.intervened import Intervened
from src.report.eraser.section import SECTION, blocks, rates_plot, reversal_plot
from src.report.intervened_page import write_intervened
from src.report.plugins import Plugin


def write_page(folder: Path, name: str) -> Path:
    """eraser.html in the folder of the tables, and two PNG files; the page's path."""
    found = Intervened(name, folder)
    pictures = {"reversal": reversal_plot(found), "rates": rates_plot(found)}
    return write_intervened(found, "eraser", SECTION.title, blocks(found), pictures)


PLUGIN = Plugin(depth=(SECTION,), page=write_page)
