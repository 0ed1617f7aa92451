"""An analysis of finished runs in the report of an experiment, and as a page of its own with its pictures."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from pandas import DataFrame

from src.analysis.intervened import ABOUT, Found, Intervened, find_intervened
from src.analysis.material import Material
from src.analysis.records import records
from src.report.columns import Column, columns
from src.report.page import html_page
from src.report.parts import Block, Chart, Part, Section, Text
from src.report.plot import Plot
from src.report.plugins import Plugin
from src.report.table import Table
from src.storage.files import write_text


def facts_of(found: Intervened) -> dict[str, str]:
    """The head of a page, from the `about.json` of its tables; nothing where there is none."""
    if not (found.folder / ABOUT).is_file():
        return {}
    return {"runs": str(len(found.about["runs"])), "blocks": str(found.about["num_blocks"])}


def quantity_table(name: str, title: str, quantities: DataFrame, words: Mapping[str, str]) -> Table:
    """Every quantity with its interval, folded.

    Args:
        name: of the table.
        title: over it.
        quantities: score, kind, player, value, ci_low, ci_high, ... as analyses write them.
        words: for each kind.
    """
    score, who = Column(("score",), "score", numeric=False), Column(("blocks",), "of", numeric=False)
    heads = columns("quantity", who, score, "value", "ci", "p_holm", "num_seeds", "num_items")
    rows = [row | {"quantity": words[row["kind"]], "blocks": row["player"]} for row in records(quantities)]
    return Table(name, title, heads, rows, folded=True)


def analysis_plugin(
    analysis: str,
    title: str,
    read: type[Found],
    blocks: Callable[[Found], Sequence[Block]],
    pictures: Callable[[Found], Mapping[str, Plot]] | None = None,
    facts: Callable[[Found], Mapping[str, str]] = facts_of,
    needs: str = "",
    place: str | None = None,
    marker: str = ABOUT,
) -> Plugin:
    """The section and the page of one analysis.

    Args:
        analysis: its name, as `python -m src.intervene` takes it; the page is ANALYSIS.html.
        title: of the section and of the page's part.
        read: the class that reads a folder of its tables.
        blocks: sentences, figures and tables of one folder.
        pictures: what is drawn as PNG files beside the page, by file name; None: every plot of the figures.
        facts: the head of the page.
        needs: what a reader without it misses; empty: the command alone.
        place: the folder of the tables below `intervene`; None: the name of the analysis.
        marker: the file without which a folder holds no tables.
    """
    place = analysis if place is None else place

    def build(material: Material) -> list[Block]:
        study = material.study
        asked = list(find_intervened(study.folder, study.analysed, place, read, marker))
        told = [[Text([f"Of {found.name}:"])] if len(asked) > 1 else [] for found in asked]
        return [block for head, found in zip(told, asked, strict=True) for block in (*head, *blocks(found))]

    def page(folder: Path, name: str) -> Path:
        from src.report.png_figure import draw  # matplotlib comes with it

        found, path = read(name, folder), folder / f"{analysis}.html"
        made = blocks(found)
        part = Part(title, made)
        write_text(path, html_page(name, [], dict(facts(found)), [part], "", made_up=False))
        for stem, plot in (_all_plots(made) if pictures is None else pictures(found)).items():
            draw(plot, folder / f"{stem}.png")
        return path

    return Plugin(
        depth=(Section(title, needs or f"python -m src.intervene {analysis} RUN", build),), page=page
    )


def _all_plots(blocks: Sequence[Block]) -> dict[str, Plot]:
    return {
        f"{chart.name}-{label}".replace(" ", "_").replace(",", ""): plot
        for chart in blocks
        if isinstance(chart, Chart)
        for label, plot in chart.plots.items()
    }
