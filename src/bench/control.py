"""What equalising every step costs: the same training step with the control and without it.

The control takes 2 to 4 % of a step, less than one step differs from the next. So both are taken from the
same steps: all seconds over those that were not spent in the control.
"""

import statistics
import time
from collections.abc import Callable
from typing import Any

from src.bench.measure import PAIRS, Figures, seconds
from src.bench.steps import adapted_model, training_step
from src.command.compose import run_config
from src.control.control import Control
from src.control.full_weights import InPlace
from src.control.make import make_control
from src.control.relative_step import RelativeStep

MEANING = {
    "equal_step_over_none_full": "one training step of all weights, control=equal_step / none",
    "equal_step_over_none_lora": "one training step with LoRA, control=equal_step / none",
    "equal_step_copy_over_weights": "weights that equal_step copies / trained weights, full training",
}


def bench() -> Figures:
    """Training steps on SmolLM2: 8 sequences of 128 tokens, 60 % of them prompt."""
    for method in ("lora", "full"):
        adapted = adapted_model(method)
        control = make_control(run_config("control=equal_step").control, adapted, num_steps=1)
        timed = Timed(control)
        step = training_step(adapted, timed)
        step()
        yield (
            f"equal_step_over_none_{method}",
            statistics.median(time_over(step, timed) for _ in range(PAIRS)),
        )
    assert isinstance(control, RelativeStep)
    assert isinstance(control.movement, InPlace)  # full training came last
    copied = sum(copy.numel() for copy in control.movement.copies.values())
    yield "equal_step_copy_over_weights", copied / adapted.num_trainable


class Timed:
    """A control, and the seconds spent in it."""

    def __init__(self, control: Control) -> None:
        self.control, self.spent = control, 0.0

    def before(self, decay: float) -> None:
        """Its own, timed."""
        self.spent += seconds(lambda: self.control.before(decay))

    def after(self, step: int) -> dict[str, Any]:
        """Its own, timed."""
        start = time.perf_counter()
        found = self.control.after(step)
        self.spent += time.perf_counter() - start
        return found


def time_over(step: Callable[[], None], timed: Timed) -> float:
    """Seconds of one step over its seconds outside of what is timed."""
    timed.spent = 0.0
    total = seconds(step)
    return total / (total - timed.spent)
