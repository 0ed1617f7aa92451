"""The files of the report."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from src.analysis.experiment import Experiment, read_study
from src.analysis.material import Material
from src.analysis.overview import facts, machines
from src.analysis.published import count_verdicts
from src.report.markdown import markdown
from src.report.page import html_page
from src.report.parts import Part, arranged, not_shown
from src.report.plot import Plot
from src.report.plugins import plugins
from src.report.sections import (
    DEPTH,
    OPENING,
    SCORES,
    TABLES,
    band_contrasts,
    beyond_push,
    crossed_rows,
    layer_profiles,
)
from src.report.table import Table
from src.report.table_csv import csv_text
from src.storage.files import write_text


@dataclass(frozen=True)
class Written:
    """A page that was written, and what it was made from."""

    path: Path
    """report.html."""
    material: Material
    parts: Sequence[Part]
    lead: Sequence[str]
    closing: str

    @property
    def study(self) -> Experiment:
        """The runs."""
        return self.material.study

    def draw(self) -> list[Path]:
        """Pictures as files beside the page, and report.md, which shows them."""
        from src.report.png_figure import draw  # matplotlib comes with it

        drawn = [draw(plot, self.path.with_name(f"{name}.png")) for name, plot in self._pictures()]
        _drop_earlier(self.path.parent, [path.name for path in drawn], ".drawn")
        self.write_text([path.stem for path in drawn])
        return drawn

    def write_text(self, figures: Sequence[str]) -> None:
        """report.md, which shows the figures of these names."""
        text = markdown(self.study.name, self.lead, self.parts, figures, self.closing)
        write_text(self.path.with_name("report.md"), text)

    def _pictures(self) -> Iterator[tuple[str, Plot]]:
        for plugin in plugins():
            for pictures in plugin.pictures:
                yield from pictures(self.material).items()
        for section in (layer_profiles, beyond_push, band_contrasts, crossed_rows):
            yield from section.pictures(self.material).items()


def write_report(folder: Path) -> Written:
    """Read the runs below a folder; write the page and the tables as CSV into `folder`/report."""
    material = Material(read_study(folder))
    found = plugins()
    beside = [section for plugin in found for section in plugin.depth]
    tables = [section for plugin in found for section in plugin.tables]
    sections = [OPENING, *DEPTH, *beside, *SCORES, *TABLES[:-1], *tables, TABLES[-1]]
    every = [section.part(material) for section in sections]
    parts, closing = arranged(every), not_shown(sections, every)
    lead = [*machines(material.study), *_verdicts(every)]
    made_up = any(run.record.get("made_up") for run in material.study.compared)
    path = folder / "report" / "report.html"
    files = {f"{table.name}.csv": table for table in _tables(every)}
    for name, table in files.items():
        write_text(path.parent / name, csv_text(table))
    _drop_earlier(path.parent, list(files), ".tables")
    write_text(path, html_page(folder.name, lead, facts(material.study), parts, closing, made_up))
    return Written(path, material, parts, lead, closing)


def _drop_earlier(folder: Path, names: Sequence[str], listed: str) -> None:
    """Remove what an earlier report listed and this one has not: tables, pictures; no other file."""
    path = folder / listed
    earlier = path.read_text(errors="replace").splitlines() if path.is_file() else []
    for gone in {Path(line).name for line in earlier} - set(names):
        if (folder / gone).is_file():
            (folder / gone).unlink()
    write_text(path, "\n".join(names) + "\n")


def _verdicts(parts: Sequence[Part]) -> list[str]:
    """A line for each table that judges something."""
    judging = [table for part in parts for table in part.tables if table.judges]
    counted = [(table.judges, count_verdicts(table.rows)) for table in judging]
    return [
        f"{judges}: {', '.join(f'{number} {_plural(word, number)}' for word, number in counts)}."
        for judges, counts in counted
        if counts
    ]


def _plural(word: str, number: int) -> str:
    return word if number == 1 else word.replace("check in", "checks in")


def _tables(parts: Sequence[Part]) -> Iterator[Table]:
    """Those that are shown, and those behind the charts."""
    for part in parts:
        yield from part.tables
        yield from (chart.data for chart in part.charts if chart.data)
