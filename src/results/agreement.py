"""What of a committed study a fresh one found again, in lines."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from src.results.check import Agreement, SameVerdict, compare, compare_differences, compare_verdicts


@dataclass(frozen=True)
class Found:
    """Everything that was compared."""

    numbers: dict[str, list[Agreement]]
    """By what they are."""
    verdicts: list[SameVerdict]

    @property
    def holds(self) -> bool:
        """Whether nothing contradicts the committed study."""
        numbers = all(one.holds for found in self.numbers.values() for one in found)
        return numbers and all(one.holds for one in self.verdicts)

    def lines(self) -> Iterator[str]:
        """What lies outside or is judged otherwise, then how many of each agree."""
        for one in (one for found in self.numbers.values() for one in found if not one.holds):
            now = "missing" if one.fresh is None else f"{one.fresh:.4f}"
            ends = f"{one.low:.4f} to {one.high:.4f}"
            yield f"outside: {one.arm}: {now}; committed {one.committed:.4f}, {ends}"
        for verdict in (one for one in self.verdicts if one.fresh != one.committed):
            now = verdict.fresh or "missing"
            yield f"other verdict: {verdict.claim}: {now}; committed {verdict.committed}"
        for what, found in self.numbers.items():
            within, same = sum(one.holds for one in found), sum(one.fresh == one.committed for one in found)
            if found:
                told = f"{within} of {len(found)} {what} within the committed 95 % intervals"
                yield f"{told}, {same} of them identical"
        if self.verdicts:
            same = sum(verdict.fresh == verdict.committed for verdict in self.verdicts)
            yield f"{same} of {len(self.verdicts)} verdicts the same"


def agreement(fresh: Path, committed: Path) -> Found:
    """Compare the folder of a report just made with a committed one; DataError where that cannot be done."""
    numbers = {
        "scores": compare(fresh, committed),
        "differences to LoRA": compare_differences(fresh, committed),
    }
    return Found(numbers, compare_verdicts(fresh, committed))
