"""What claims and pages are made from, each part read once."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

from src.analysis.arm_scores import TaskScores, read_scores
from src.analysis.contrasts import Contrast, contrasts
from src.analysis.experiment import Experiment
from src.analysis.layer_profiles import ProfileLine, read_profiles
from src.config.evaluate import VALIDATION

Made = TypeVar("Made")


@dataclass
class Material:
    """What sections are made from; each part is read once, when the first section asks for it."""

    study: Experiment
    _made: dict[Callable[..., Any], Any] = field(default_factory=dict, repr=False)

    @cached_property
    def _every_score(self) -> list[TaskScores]:
        return read_scores(self.study)

    @property
    def scores(self) -> list[TaskScores]:
        """Every metric of every task, by arm, but for the rows that a choice is made on."""
        return [one for one in self._every_score if one.task != VALIDATION]

    @property
    def validation(self) -> TaskScores | None:
        """The scores on the rows that a choice is made on."""
        return next((one for one in self._every_score if one.task == VALIDATION), None)

    @cached_property
    def profiles(self) -> dict[str, list[ProfileLine]]:
        """Lines by layer of every arm, by metric."""
        return read_profiles(self.study)

    @cached_property
    def contrasts(self) -> dict[str, list[Contrast]]:
        """Every arm against its baseline, by the label of the score."""
        return {one.label: contrasts(self.study, one) for one in self.scores}

    def get(self, analysis: Callable[["Material"], Made]) -> Made:
        """What an analysis makes of this, made once: several sections may ask for it."""
        if analysis not in self._made:
            self._made[analysis] = analysis(self)
        return self._made[analysis]
