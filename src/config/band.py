"""Where training happens."""

from dataclasses import dataclass

from src.config import rules


@dataclass
class BandConfig:
    """A part of the depth: fractions `[start, stop)` of the stack of blocks."""

    name: str
    """Which file of conf/band was chosen; reports show it."""
    start: float
    """Fraction of depth in [0, 1); the first block is int(start * num_blocks). [fraction of depth]"""
    stop: float
    """Fraction of depth in (0, 1]; the last block is int(stop * num_blocks) - 1. [fraction of depth]"""
    random: bool
    """Draw as many blocks as [start, stop) holds, anywhere in the stack, by the seed."""

    def __post_init__(self) -> None:
        rules.check_fraction("band.start", self.start)
        rules.check_fraction("band.stop", self.stop)
        if self.stop <= self.start:
            kind = "empty" if self.stop == self.start else "reversed"
            rules.refuse(
                "band", f"[{self.start}, {self.stop})", f"band.start < band.stop; this band is {kind}"
            )
