"""What happens to an update after the optimizer made it."""

from dataclasses import dataclass

from src.config import rules
from src.config.rules import require


@dataclass
class ControlConfig:
    """How far each block moves in a step."""

    name: str
    kind: str
    """none."""

    def __post_init__(self) -> None:
        require("control.kind", self.kind, rules.CONTROL_KINDS)
