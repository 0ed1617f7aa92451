"""What a check found."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Outcome:
    """A number of the device beside that of the CPU, or of one run beside another."""

    name: str
    difference: float
    limit: float
    """The largest difference that is accepted."""

    @property
    def passed(self) -> bool:
        """False also where the difference is not a number."""
        return self.difference <= self.limit
