"""Published numbers as data: the files of conf/reference/.

No group of a run: nothing in a run depends on them. Only what a source may leave out has a default here,
and it is None: not said.
"""

import math
from dataclasses import dataclass
from typing import Any

from src.config import rules
from src.config.rules import refuse, require

STATUSES = ("found", "inferred")
RELATIONS = ("equal", "above", "below")


@dataclass
class Number:
    """One published number, and what of ours it is compared with."""

    name: str
    value: float | None
    """None: the source has words only; they stand in `note`."""
    unit: str
    measure: dict[str, Any]
    """`kind`, the name of a way to measure in src/report/measures/, and what that way needs to know;
    kind none: nothing here measures it."""
    status: str
    """found: a source states it. inferred: a deduction, made by no source."""
    place: str
    """Where in the source."""
    relation: str = "equal"
    """above or below: the source gives a bound only."""
    n: int | None = None
    """Items or runs behind the number; None: unknown."""
    n_status: str | None = None
    """found or inferred, where there is an n; None: found."""
    note: str | None = None

    def __post_init__(self) -> None:
        require(f"{self.name}.status", self.status, STATUSES)
        require(f"{self.name}.relation", self.relation, RELATIONS)
        if self.n_status is not None:
            require(f"{self.name}.n_status", self.n_status, STATUSES)
        if not isinstance(self.measure.get("kind"), str):
            refuse(f"{self.name}.measure.kind", self.measure.get("kind"), "a name, or none")
        if self.value is None and self.note is None:
            refuse(f"{self.name}.value", None, "a number, or null and a note with the words of the source")
        if self.value is not None and not math.isfinite(self.value):
            refuse(f"{self.name}.value", self.value, "a finite number, or null")
        if self.n is not None:
            rules.check_at_least(f"{self.name}.n", self.n, 1)


@dataclass
class Setting:
    """What the published runs were made of; None: several, or not said."""

    model: str | None
    """A name of conf/model."""
    task: str | None
    """A name of conf/data or of lm-eval."""
    scored_as: dict[str, str] | None = None
    """Tasks of a run whose items are those of `task`, each with the metric, and its filter, that counts."""


@dataclass
class Reference:
    """The numbers of one published table."""

    title: str
    paper: str
    source: str
    """Who says so: the paper itself, a note, a digest, or a run of the published code."""
    setting: Setting
    numbers: list[Number]

    def __post_init__(self) -> None:
        names = [number.name for number in self.numbers]
        for index, name in enumerate(names):
            if name in names[:index]:
                refuse("numbers", name, "each name once")
