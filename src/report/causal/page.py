"""A page of its own for one causal profile, with its pictures and tables beside it."""

from pathlib import Path

from src.analysis.causal_profile import CausalProfile
from src.report.causal.plots import profile_plot, share_plot
from src.report.causal.section import SECTION, blocks
from src.report.page import html_page
from src.report.parts import Part
from src.report.png_figure import draw
from src.storage.files import write_text


def write_page(folder: Path, name: str) -> Path:
    """causal.html in a folder that holds a profile, and a PNG file a score; the page's path."""
    profile = CausalProfile(name, folder)
    facts = {
        "runs": str(len(profile.about["runs"])),
        "blocks": str(profile.about["num_blocks"]),
        "trained blocks": str(len(profile.trained)),
    }
    part = Part(SECTION.title, blocks(profile))
    path = folder / "causal.html"
    write_text(path, html_page(name, [], facts, [part], "", made_up=False))
    for score in profile.scores:
        by_block = profile_plot(profile, score)
        draw(by_block if by_block.series else share_plot(profile, score), folder / f"{score}.png")
    return path
