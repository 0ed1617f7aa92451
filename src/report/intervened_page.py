"""An analysis of finished runs in the report of an experiment, and as a page of its own with its pictures."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from src.analysis.material import Material
from src.report.page import html_page
from src.report.parts import Block, Part
from src.report.plot import Plot
from src.storage.files import write_text

Found = TypeVar("Found")


def blocks_of(
    material: Material,
    find: Callable[[Path, Sequence[Path]], Iterator[Found]],
    blocks: Callable[[Found], Sequence[Block]],
) -> list[Block]:
    """The blocks of all tables that `find` sees among the runs; nothing where no run was asked."""
    runs = [run.folder for run in material.study.runs]
    return [block for found in find(material.study.folder, runs) for block in blocks(found)]


def facts_of(about: Mapping[str, Any]) -> dict[str, str]:
    """The head of a page, from the `about.json` of its tables."""
    return {"runs": str(len(about["runs"])), "blocks": str(about["num_blocks"])}


def write_analysis(
    path: Path, name: str, part: Part, pictures: Mapping[str, Plot], facts: Mapping[str, str] | None = None
) -> Path:
    """The page of one folder of tables, titled `name`, and a PNG file a picture beside it; its path."""
    from src.report.png_figure import draw  # matplotlib comes with it

    write_text(path, html_page(name, [], dict(facts or {}), [part], "", made_up=False))
    for stem, plot in pictures.items():
        draw(plot, path.with_name(f"{stem}.png"))
    return path
