"""What of ours stands beside a published number."""

from dataclasses import dataclass

from src.statistics.estimate import Estimate


@dataclass(frozen=True)
class OwnNumber:
    """One number of ours."""

    what: str
    """Which arm, task and condition."""
    estimate: Estimate
    effect: bool = False
    """A difference, which a claim may be declared on; else a level, which means what it says on the
    published model only."""
    ends: tuple[float, float] | None = None
    """Of an interval that is not symmetric; None: the estimate's own."""
    setting: str = ""
    """How ours differs from the published setting; empty where it does not."""

    @property
    def interval(self) -> tuple[float, float]:
        """95 %; NaN without an error."""
        return self.ends or self.estimate.interval()
