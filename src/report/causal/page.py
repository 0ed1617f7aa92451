"""A page of its own for one causal profile, with its pictures and tables beside it."""

from pathlib import Path

from src.analysis.causal_profile import CausalProfile
from src.report.causal.plots import profile_plot, share_plot
from src.report.causal.section import SECTION, blocks
from src.report.intervened_page import facts_of, write_analysis
from src.report.parts import Part


def write_page(folder: Path, name: str) -> Path:
    """causal.html in a folder that holds a profile, and a PNG file a score; the page's path."""
    profile = CausalProfile(name, folder)
    facts = facts_of(profile.about) | {"trained blocks": str(len(profile.trained))}
    pictures = {}
    for score in profile.scores:
        by_block = profile_plot(profile, score)
        pictures[score] = by_block if by_block.series else share_plot(profile, score)
    return write_analysis(folder / "causal.html", name, Part(SECTION.title, blocks(profile)), pictures, facts)
