"""Trained runs of one setting, over seeds and rows, and the random pushes that are their null."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from src.analysis.arms import NULLS, control_of, source_of
from src.analysis.group_arms import settings
from src.analysis.material import Material
from src.analysis.runs import Run

_OWN = ("model.name", "data.name", "data.seed")
Draw = tuple[int | None, int | None]
"""The seed of a run, and that of its rows."""


@dataclass
class Group:
    """Runs of one setting; they differ in their seed and in the seed of their rows."""

    model: str
    data: str
    others: str
    """What else tells it from other groups, such as objective and control; empty where nothing does."""
    runs: dict[Draw, Run] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What it is of."""
        return ", ".join(filter(None, (self.model, self.data, self.others)))

    @property
    def readings(self) -> list[str]:
        """Those that all runs have."""
        first, *others = self.runs.values()
        return [name for name in first.readings if all(name in run.readings for run in others)]


def groups(material: Material) -> list[tuple[Group, Group | None]]:
    """Trained runs with their null; None without one.

    It is a random push of the same model on the same data, or of each run the one that took its sizes over,
    of the first kind of push that was run.
    """
    study = material.study
    known = [name for name in study.conditions if name not in _OWN]
    trained: dict[Any, Group] = {}
    for arm in study.arms:
        others = ", ".join(arm.factors[name] for name in known)
        _gather(trained, arm.runs.values(), others)
    pushes = [run for arm in study.nulls for run in arm.runs.values()]
    kinds = [_pushes([run for run in pushes if control_of(run) == kind], kind) for kind in NULLS]
    return [(one, _null_of(one, kinds)) for one in trained.values()]


class _Pushes(NamedTuple):
    """Of one kind."""

    equal: dict[tuple[str, str], Group]
    """By model and data, the first of those that took over no sizes."""
    own: dict[str | None, Run]
    """The others, by the run whose sizes they have."""


def _pushes(runs: Sequence[Run], kind: str) -> _Pushes:
    equal: dict[Any, Group] = {}
    _gather(equal, [run for run in runs if not source_of(run)], kind)
    first = {(one.model, one.data): one for one in reversed(list(equal.values()))}
    return _Pushes(first, {source: run for run in runs if (source := source_of(run))})


def _null_of(group: Group, kinds: Sequence[_Pushes]) -> Group | None:
    for equal, beside in kinds:
        null = equal.get((group.model, group.data), Group(group.model, group.data, ""))
        own = {draw: beside[run.name] for draw, run in group.runs.items() if run.name in beside}
        if null.runs or own:
            return replace(null, runs=null.runs | own)
    return None


def _gather(groups: dict[Any, Group], runs: Iterable[Run], others: str) -> None:
    """Put runs into the groups of their settings."""
    for run in runs:
        told = {name: value for name, value in settings(run).items() if name != "data.seed"}
        choices = run.record["choices"]
        group = Group(str(choices["model"]), str(choices.get("data")), others)
        draw = (run.seed, run.config.get("data.seed"))
        groups.setdefault(tuple(told.items()), group).runs[draw] = run
