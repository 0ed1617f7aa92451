"""Arms: runs that differ in nothing but the seed; the band of an arm, and whether it is a null."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from src.analysis.runs import Run
from src.config.method import KINDS, MethodKind

BAND, KIND = "band", "method.kind"
WHOLE = "11111"
RANDOM = "random"
"""A band of blocks drawn by the seed."""
NULLS = ("random_direction", "random_spectrum")
"""The controls that push at random in place of training; findings are judged beyond the first that ran."""
_ORDER = ("10000", "01000", "00100", "00010", "00001", "01100", "00110", "01110", WHOLE)
_SEGMENTS = 5


@dataclass
class Arm:
    """Runs of one setting, a run a seed."""

    factors: dict[str, str]
    """What differs between the arms of the experiment, in order of importance."""
    runs: dict[int, Run] = field(default_factory=dict)

    @property
    def first(self) -> Run:
        """The run of the lowest seed."""
        return self.runs[min(self.runs)]

    @property
    def record(self) -> dict[str, Any]:
        """The record of the first run, for what all runs of the arm share."""
        return self.first.record

    @property
    def lora(self) -> dict[str, Any]:
        """Rank, alpha and scale as they were recorded; empty where its update is no product of factors."""
        return (self.record.get("adapted") or {}).get("lora") or {}

    @property
    def num_trainable(self) -> int | None:
        """Trainable parameters; None of a comparison of checkpoints."""
        return (self.record.get("params") or {}).get("trainable")

    @cached_property
    def band(self) -> str:
        """A pattern of five segments, random, or another band's name."""
        return band_of(self.first)

    @property
    def kind(self) -> str:
        """The method's name, or pair, for labels."""
        return str(self.first.config.get(KIND) or self.record["choices"]["method"])

    @property
    def is_pair(self) -> bool:
        """Whether it is a comparison of two checkpoints, which nothing here trained."""
        return self.first.seed is None

    @property
    def trained(self) -> bool:
        """Whether its runs trained something."""
        return not self.is_pair and self._method.trains

    @property
    def published(self) -> bool:
        """Whether its method is that of the published bands."""
        return self._method.published

    @property
    def _method(self) -> MethodKind:
        return KINDS.get(self.kind, MethodKind())

    @property
    def order(self) -> tuple[int, str]:
        """Single segments from the input side, then wider bands, the whole stack, and the others."""
        return (_ORDER.index(self.band), "") if self.band in _ORDER else (len(_ORDER), self.band)

    def beside(self, own: tuple[str, ...]) -> dict[str, str]:
        """The factors but those whose names begin with one of `own`: what else it is made of."""
        return {name: value for name, value in self.factors.items() if not name.startswith(own)}

    def label(self, factors: Sequence[str]) -> str:
        """The values of some factors, the band first."""
        found = [self.factors[name] for name in factors if name in self.factors]
        return ", ".join(found) or ", ".join(self.factors.values()) or self.record["choices"]["method"]


def band_of(run: Run) -> str:
    """The band as a pattern of five segments where it is one (`whole` is 11111, `mid` is 01110)."""
    config, name = run.config, str(run.record["choices"].get("band", "none"))
    if config.get("band.random"):
        return RANDOM
    start, stop = config.get("band.start"), config.get("band.stop")
    known = name in ("whole", "mid") or set(name) <= {"0", "1"}
    if start is None or stop is None:
        return pattern_of(name)
    ends = [round(end * _SEGMENTS, 9) for end in (start, stop)]
    if all(end == int(end) for end in ends):
        pattern = "".join("1" if ends[0] <= segment < ends[1] else "0" for segment in range(_SEGMENTS))
        return pattern if known else name
    return f"{start:.3g}-{stop:.3g}" if known else name


def pattern_of(name: str) -> str:
    """The five segments of a file of conf/band; of a file that says others, its name."""
    return {"whole": WHOLE, "mid": "01110"}.get(name, name)


def control_of(run: Run) -> str:
    """The name of its control; of a random push which of the `NULLS` it is, whatever its file is called."""
    if run.config.get("control.kind") == "random_direction":
        return NULLS[bool(run.config.get("control.spectrum"))]
    return str(run.record["choices"].get("control", "none"))


def source_of(run: Run) -> str | None:
    """The id of the run whose sizes a random push took over; None of any other run."""
    return (run.record.get("control") or {}).get("source")


def is_null(run: Run) -> bool:
    """Whether it was pushed at random in place of training."""
    return control_of(run) in NULLS
