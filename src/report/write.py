"""The files of the report."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from src.analysis.experiment import Experiment, read_study
from src.analysis.material import Material
from src.report.blocks import Chart, Part, Table
from src.report.markdown import csv_text, markdown
from src.report.page import html_page
from src.report.sections import SECTIONS
from src.report.summary import facts, lead
from src.storage.files import write_text


@dataclass(frozen=True)
class Written:
    """A page that was written, and what it was made from."""

    path: Path
    """report.html."""
    material: Material
    parts: Sequence[Part]
    lead: Sequence[str]

    @property
    def study(self) -> Experiment:
        """The runs."""
        return self.material.study

    def write_markdown(self, figures: Sequence[str]) -> None:
        """report.md, which names the figures that lie beside it."""
        text = markdown(self.study.name, self.lead, self.parts, figures)
        write_text(self.path.parent / "report.md", text)


def write_report(folder: Path) -> Written:
    """Read the runs below a folder; write the page and the tables as CSV into `folder`/report."""
    material = Material(read_study(folder))
    parts = [section.part(material) for section in SECTIONS]
    lines = lead(material, parts)
    made_up = any(run.record.get("made_up") for run in material.study.compared)
    path = folder / "report" / "report.html"
    for table in _tables(parts):
        write_text(path.parent / f"{table.name}.csv", csv_text(table))
    write_text(path, html_page(folder.name, lines, facts(material), parts, made_up))
    return Written(path, material, parts, lines)


def _tables(parts: Sequence[Part]) -> Iterator[Table]:
    """Those that are shown, and those behind the charts."""
    for block in (block for part in parts for block in part.blocks):
        table = block.data if isinstance(block, Chart) else block
        if isinstance(table, Table):
            yield table
