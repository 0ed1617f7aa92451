"""What variants will take, before they are run."""

import time
from collections.abc import Sequence

from src.intervene.engine.gates import Pattern
from src.intervene.engine.items import ItemBatch
from src.intervene.engine.replay import Replay
from src.intervene.engine.variants import run
from src.intervene.engine.walk import num_steps


def num_passes(patterns: Sequence[Pattern], num_blocks: int) -> float:
    """Passes of the trunk over the items: what the walk runs, and the tuned model, which goes first."""
    return sum(num_steps(patterns)[1:-1]) / num_blocks + 1 if patterns else 0.0


def seconds_a_token(replay: Replay, batch: ItemBatch) -> float:
    """Of one variant, by one batch; run twice, as the first one is slower."""
    with replay.running():
        run(replay, batch, replay.gates.tuned)
        start = time.perf_counter()
        run(replay, batch, replay.gates.tuned)
        return (time.perf_counter() - start) / batch.inputs["input_ids"].numel()
