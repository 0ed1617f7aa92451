"""What it costs to read the states without single tokens as well, in the passes that are made anyway."""

import tempfile
from functools import partial
from pathlib import Path
from statistics import median

from src.bench.measure import Figures, seconds
from src.bench.probe import MAX_LENGTH, NUM_ROWS, bare_passes, bench_rows, disturb
from src.bench.steps import adapted_model
from src.command.compose import run_config
from src.config.schema import ProbeConfig
from src.method.adapted import AdaptedModel
from src.method.weights import base_weights
from src.probe.states.gather import gather
from src.probe.states.probe_rows import ProbeRows

MEANING = {
    "probe_readings_extra_over_forward": (
        "gathering without the first and massive tokens as well, less without / two bare passes (0.05)"
    ),
}


def bench() -> Figures:
    """SmolLM2, base and tuned, as the bench of probing has them, with the states of metrics=default."""
    adapted = adapted_model("lora")
    disturb(adapted)
    probe = bench_rows(adapted, NUM_ROWS, MAX_LENGTH)
    alone, more = (
        partial(_gathered, adapted, probe, tokens) for tokens in ("all", "all+no_first+no_massive")
    )
    before, shares = alone(), []
    for _ in range(3):
        extra = more()
        after = alone()
        shares.append((extra - (before + after) / 2) / seconds(lambda: bare_passes(adapted, probe)))
        before = after
    yield "probe_readings_extra_over_forward", median(shares)


def _gathered(adapted: AdaptedModel, probe: ProbeRows, tokens: str) -> float:
    """Seconds of base and tuned."""
    metrics, blocks = run_config("metrics=default").metrics, adapted.loaded.blocks
    settings = ProbeConfig(seeds=[0], tokens=tokens)

    def both(base: Path, tuned: Path) -> None:
        with base_weights(adapted):
            found = gather(adapted.model, blocks, probe, metrics, base, settings)
        gather(adapted.model, blocks, probe, metrics, tuned, settings, found)

    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        return seconds(lambda: both(Path(one), Path(other)))
