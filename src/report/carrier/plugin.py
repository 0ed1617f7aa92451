"""The carrier of an update in the report of an experiment, and as a page of its own."""

from pathlib import Path

from src.analysis.intervened import Intervened
from src.report.carrier.plots import effect_plot, profile_plots
from src.report.carrier.section import SECTION, blocks
from src.report.intervened_page import write_analysis
from src.report.parts import Part
from src.report.plugins import Plugin


def write_page(folder: Path, name: str) -> Path:
    """carrier.html in the folder of the tables, and two PNG files; the page's path."""
    found = Intervened(name, folder)
    pictures = {"effect": effect_plot(found)} | {
        f"profile-{budget.replace(' ', '-')}": plot for budget, plot in profile_plots(found).items()
    }
    part = Part(SECTION.title, blocks(found))
    return write_analysis(folder / "carrier.html", name, part, pictures)


PLUGIN = Plugin(depth=(SECTION,), page=write_page)
