"""A machine that is shared: the same training step beside a process that keeps one core busy."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median

from src.bench.measure import PAIRS, seconds
from src.bench.steps import adapted_model, training_step

MEANING = {
    "step_disturbed_over_quiet": "one training step beside a process that keeps a core busy / the same step "
    "alone (at most 2.5; where two share two cores the limit is near 2)",
}


def bench() -> dict[str, float]:
    """Steps of LoRA on SmolLM2, alone and beside another process, in turn; medians of neighbours."""
    step = training_step(adapted_model("lora"))
    step()
    found = []
    for _ in range(PAIRS):
        quiet = seconds(step)
        with _neighbour():
            found.append(seconds(step) / quiet)
    return {"step_disturbed_over_quiet": median(found)}


@contextmanager
def _neighbour() -> Iterator[None]:
    """A process that computes as long as the context is open."""
    code = "import os\nprint(flush=True)\nwhile os.getppid() == {}:\n    pass"
    command = [sys.executable, "-c", code.format(os.getpid())]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()  # it has begun
        try:
            yield
        finally:
            process.send_signal(signal.SIGKILL)
