"""What it costs that a run survives: its lock, the heartbeat, its checkpoints, as a share of its training."""

import statistics
import tempfile
from functools import partial
from pathlib import Path

from src.bench.measure import seconds
from src.bench.steps import adapted_model, training_step
from src.command.compose import run_config
from src.storage.lock import BEAT, RunLock
from src.train.checkpoint import save_checkpoint
from src.train.optimizer import make_optimizer

MEANING = {
    "upkeep_share": "lock, heartbeat and checkpoints over the training steps of a run of default settings "
    "(at most 0.02)",
}
_TIMES = 5


def bench_upkeep() -> dict[str, float]:
    """SmolLM2 with its whole stack adapted, the larger state; medians of calls that take turns."""
    config = run_config().train
    adapted = adapted_model("lora")
    step = training_step(adapted)
    step()
    optimizer = make_optimizer(list(adapted.trainable.values()), config)
    for parameter in adapted.trainable.values():  # moments as large as those of a run
        parameter.grad = parameter.detach().clone()
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    steps, saves, locks, beats = [], [], [], []
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder)
        for number in range(1, _TIMES + 1):
            steps.append(seconds(step))
            saves.append(seconds(partial(save_checkpoint, run, number, adapted.model, optimizer)))
            lock = RunLock(run)
            taken, beat = seconds(lock.__enter__), seconds(lock.beat)
            locks.append(taken + seconds(partial(lock.__exit__, None, None, None)))
            beats.append(beat)
    num_steps, every = config.max_steps, config.checkpoint_steps
    assert num_steps is not None
    assert every is not None  # conf/train/default.yaml has both
    trained = statistics.median(steps) * num_steps
    kept = statistics.median(saves) * (num_steps // every)
    held = statistics.median(locks) + statistics.median(beats) * trained / BEAT
    return {"upkeep_share": (kept + held) / trained}
