"""Published numbers as data: the files of conf/reference/.

No group of a run: nothing in a run depends on them. Only what a source may leave out has a default here,
and it is None: not said.
"""

import math
import re
from dataclasses import dataclass, field
from typing import Any

from src.config import rules
from src.config.rules import refuse, require

STATUSES = ("found", "inferred", "secondary")
RELATIONS = ("equal", "above", "below")
STDERRS = ("binomial", "unknown")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


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
    """found: a source states it. inferred: a deduction, made by no source. secondary: a third party's
    transcription of a source that was not seen."""
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
class ClaimSetting:
    """What runs must be of for their number to judge a claim; [] : the source does not say."""

    models: list[str] = field(default_factory=list)
    """Names of conf/model, at the size that they are named after."""
    data: list[str] = field(default_factory=list)
    """Names of conf/data, or of lm-eval's tasks; scored on items that no training row comes from."""
    fidelity: list[str] = field(default_factory=list)
    """published, or sound too."""


@dataclass
class Claim:
    """One published contrast that runs of its setting may be judged by. Declared once, before those runs."""

    number: str
    """The name of a number of this file: its contrast, its value and its n."""
    declared: str
    """When, as YYYY-MM-DD."""
    setting: ClaimSetting | None = None
    """Needed; runs of another setting are a check in miniature."""
    stderr: str = "unknown"
    """Where the published error comes from. binomial: from the shares of both sides and n, items taken as
    independent. unknown: no source tells it."""
    best_of: int = 1
    """The published contrast was chosen as the best of so many (of a negative one: the worst)."""
    changed: list[str] = field(default_factory=list)
    """Each change of the target after it was declared: YYYY-MM-DD and what."""

    def __post_init__(self) -> None:
        if self.setting is None or not self.setting.models:
            refuse(f"claims.{self.number}.setting", None, "models, data and fidelity that it was measured at")
        require(f"claims.{self.number}.stderr", self.stderr, STDERRS)
        rules.check_at_least(f"claims.{self.number}.best_of", self.best_of, 1)
        for day in (self.declared, *(one[:10] for one in self.changed)):
            if not _DAY.fullmatch(day):
                refuse(f"claims.{self.number}.declared", day, "a day as YYYY-MM-DD")


@dataclass
class Reference:
    """The numbers of one published table."""

    title: str
    paper: str
    source: str
    """Who says so: the paper itself, a note, a digest, or a run of the published code."""
    setting: Setting
    numbers: list[Number]
    needs: str | None = None
    """A key, such as data.select: the numbers are told beside runs of which one sets it to other than none
    and null. They are of a method, and say nothing of experiments without it. None: beside all."""
    claims: list[Claim] = field(default_factory=list)
    """What may be judged. Tests are corrected for how many are declared here, and not for what was run."""

    def __post_init__(self) -> None:
        names = [number.name for number in self.numbers]
        for index, name in enumerate(names):
            if name in names[:index]:
                refuse("numbers", name, "each name once")
        for index, claim in enumerate(self.claims):
            if claim.number not in names or claim.number in [one.number for one in self.claims[:index]]:
                refuse("claims.number", claim.number, "the name of a number of this file, once")
