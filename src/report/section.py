"""What a section declares."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from src.report.blocks import Chart, Part, Table, Text
from src.report.contrasts import Contrast, contrasts
from src.report.depth.analysis import Depth, analyse
from src.report.depth.settings import is_crossed
from src.report.profiles import Line, read_profiles
from src.report.scores import TaskScores, read_scores
from src.report.study import Study

Block = Table | Chart | Text


@dataclass
class Material:
    """What sections are made from; each part is read once, when the first section asks for it."""

    study: Study

    @cached_property
    def scores(self) -> list[TaskScores]:
        """Every metric of every task, by arm."""
        return read_scores(self.study)

    @cached_property
    def depth(self) -> Depth:
        """The tables of the depth-profile study; nothing is gathered where nothing was crossed."""
        return analyse(self.study.arms if is_crossed(self.study.arms) else [])

    @cached_property
    def profiles(self) -> dict[str, list[Line]]:
        """Lines by layer of every arm, by metric."""
        return read_profiles(self.study)

    @cached_property
    def contrasts(self) -> dict[str, list[Contrast]]:
        """Every arm against its baseline, by the label of the score."""
        return {one.label: contrasts(self.study, one) for one in self.scores}


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
