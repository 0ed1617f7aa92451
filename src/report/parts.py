"""What a report is made of: sections that build blocks, and how blocks are ordered on a page."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from src.analysis.material import Material
from src.report.crowd import first_lines
from src.report.plot import Plot
from src.report.table import Row, Table

_MANY_ROWS = 30


@dataclass(frozen=True)
class Chart:
    """One figure, or several of which the reader chooses one."""

    name: str
    title: str
    plots: Mapping[str, Plot]
    note: str = ""
    label: str = ""
    """What is chosen, such as `metric`."""
    data: Table | None = None
    """The numbers that it draws, where no table shows them: a CSV beside the page."""


@dataclass(frozen=True)
class Text:
    """A paragraph, or a list of short ones."""

    lines: Sequence[str]
    bullets: bool = False

    @property
    def shown(self) -> Sequence[str]:
        """The first lines, and how many more there are."""
        return first_lines(self.lines)


Block = Table | Chart | Text


@dataclass(frozen=True)
class Part:
    """Blocks under a heading."""

    title: str
    blocks: Sequence[Block] = field(default_factory=list)

    @property
    def anchor(self) -> str:
        """Its address within the page."""
        return self.title.lower().replace(" ", "-").rstrip("?")

    @property
    def charts(self) -> list[Chart]:
        """Its figures."""
        return [block for block in self.blocks if isinstance(block, Chart)]

    @property
    def tables(self) -> list[Table]:
        """Its tables, those behind figures left out."""
        return [block for block in self.blocks if isinstance(block, Table)]


@dataclass(frozen=True)
class Section:
    """A part that is built where the runs have what it needs."""

    title: str
    needs: str
    """What the runs must have for this section to say something, for a reader who misses it."""
    build: Callable[[Material], Sequence[Block]]
    """The blocks; none where the runs lack what is needed."""

    def part(self, material: Material) -> Part:
        """What it has to say; a part without blocks where that is nothing."""
        return Part(self.title, self.build(material))


def table_section(
    title: str,
    needs: str,
    rows: Callable[[Material], Sequence[Row]],
    table: Table,
) -> Section:
    """A section of one table, closed where it is long.

    Args:
        title: of the section.
        needs: as `Section.needs`.
        rows: what the table holds; the section has nothing to say where there are none.
        table: its name, title, columns and note.
    """

    def build(material: Material) -> list[Block]:
        found = material.get(rows)
        return [replace(table, rows=found, folded=len(found) > _MANY_ROWS)] if found else []

    return Section(title, needs, build)


def arranged(parts: Sequence[Part]) -> list[Part]:
    """Pictures before tables: parts with figures keep them, and their tables follow together at the end."""
    shown = [part for part in parts if part.blocks]
    drawn = [part for part in shown if part.charts]
    pictures = [
        Part(one.title, [block for block in one.blocks if not isinstance(block, Table)]) for one in drawn
    ]
    tables = Part("Tables", [table for part in drawn for table in part.tables])
    opening, others = shown[:1], [part for part in shown[1:] if not part.charts]
    return [part for part in (*opening, *pictures, *others, tables) if part.blocks]


def not_shown(sections: Sequence[Section], parts: Sequence[Part]) -> str:
    """One line for all sections that have nothing to say; empty where there is none."""
    found = [
        f"{one.title} (needs {one.needs})"
        for one, part in zip(sections, parts, strict=True)
        if not part.blocks
    ]
    return f"Not shown: {'; '.join(found)}." if found else ""
