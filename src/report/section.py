"""What a section declares."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from src.analysis.material import Material
from src.report.blocks import Chart, Part, Table, Text

Block = Table | Chart | Text


@dataclass(frozen=True)
class Section:
    """A part of the report."""

    title: str
    needs: str
    """What the runs must have for this section to say something, for a reader who misses it."""
    build: Callable[[Material], Sequence[Block]]
    """The blocks; none where the runs lack what is needed."""

    def part(self, material: Material) -> Part:
        """The section, or one line that says what it would have needed."""
        return Part(self.title, self.build(material) or [Text([f"Not shown: it needs {self.needs}."])])
