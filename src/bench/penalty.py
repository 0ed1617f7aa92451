"""What RPSFT adds to a training step, and what finding its directions takes once.

As for a control (src/bench/control.py), a step with the penalty over the same step without its seconds.
"""

import statistics
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

from src.bench.control import Timed, time_over
from src.bench.measure import PAIRS, Figures, seconds
from src.bench.steps import adapted_model, training_step
from src.method.penalty.make import make_penalty
from src.method.penalty.penalty import Penalty

MEANING = {
    "rpsft_over_none_lora": "one training step with LoRA, method.penalty=rpsft / none (at most 1.05)",
    "rpsft_over_none_full": "one training step of all weights, method.penalty=rpsft / none (at most 1.15)",
    "rpsft_directions_seconds_lora": "seconds to find the directions that are kept, LoRA (at most 90)",
    "rpsft_directions_seconds_full": "the same of all weights (at most 90)",
}


def bench() -> Figures:
    """Training steps on SmolLM2: 8 sequences of 128 tokens, k = 0.1875 of each matrix."""
    for method in ("lora", "full"):
        adapted = adapted_model(f"{method} method.penalty=rpsft")
        with tempfile.TemporaryDirectory() as cache:
            make = partial(make_penalty, adapted, 0, Path(cache))
            once, penalty = seconds(make), make()
        timed = Timed(_Added(penalty))
        step = training_step(adapted, timed)
        step()
        yield f"rpsft_over_none_{method}", statistics.median(time_over(step, timed) for _ in range(PAIRS))
        yield f"rpsft_directions_seconds_{method}", once


class _Added:
    """A penalty where a step has a control: it adds its gradient between two optimizer steps."""

    def __init__(self, penalty: Penalty | None) -> None:
        assert penalty is not None
        self.penalty = penalty

    def before(self, decay: float) -> None:
        for term in self.penalty.terms([]):
            term.backward()

    def after(self, step: int) -> dict[str, Any]:
        return {}
