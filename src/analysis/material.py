"""What claims and pages are made from, each part read once."""

from dataclasses import dataclass
from functools import cached_property

from src.analysis.arm_scores import TaskScores, read_scores
from src.analysis.contrasts import Contrast, contrasts
from src.analysis.depth.analysis import Depth, analyse
from src.analysis.depth.settings import is_crossed
from src.analysis.experiment import Experiment
from src.analysis.layer_profiles import Line, read_profiles


@dataclass
class Material:
    """What sections are made from; each part is read once, when the first section asks for it."""

    study: Experiment

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
