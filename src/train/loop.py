"""The training loop: step -> log -> checkpoint, until the last step or until it is asked to stop."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import nn

from src.config.schema import TrainConfig
from src.control.control import Control, NoControl
from src.data.encode import EncodedRow
from src.method.penalty.penalty import Penalty
from src.objective.objective import Objective
from src.runtime.preemption import stop_if, stop_requested
from src.runtime.progress import Progress
from src.train.checkpoint import load_last_checkpoint, save_checkpoint
from src.train.collectives import all_reduce_any, is_first
from src.train.selection import Selection
from src.train.step import TrainStep
from src.train.step_log import StepLog

OnStep = Callable[[int, dict[str, Any]], None]


@dataclass(frozen=True)
class Trained:
    """What training came to."""

    num_steps: int
    resumed_from: int
    """Steps that were already done when this process began."""
    steps: list[dict[str, Any]]
    """The step log, whole."""


def train(
    model: nn.Module,
    rows: list[EncodedRow],
    config: TrainConfig,
    *,
    objective: Objective,
    seed: int,
    folder: Path,
    on_step: OnStep = lambda step, row: None,
    measure: Callable[[], dict[str, Any]] = dict,
    control: Control | None = None,
    blocks: Sequence[str] = (),
    penalty: Penalty | None = None,
    selection: Selection | None = None,
) -> Trained:
    """Train the model's trainable parameters; goes on from the newest checkpoint in `folder`.

    `control` sees the weights around each optimizer step and may change them; what it returns is logged.
    `penalty` is added to the loss of each step once, whatever the number of batches; it is logged. A step
    of its own comes after the optimizer's and before `control` looks.
    `selection` says which rows a step takes; without one they come in the order of the seed.
    `measure()` is asked after each backward pass, before clipping; what it returns is added to the log.
    `on_step(step, row)` is called after each step, with the number of steps done; whatever it draws at
    random changes nothing here. Weights after the last step are the same, bit for bit, however often the
    process was killed on the way. Every trainable tensor of `blocks` must be reached by the loss.

    Raises:
        Preempted: the process was asked to stop; the steps so far are in a checkpoint.
        TrainingError: a loss or gradient is not finite, or a tensor of a block has no gradient.
        CheckpointError: the newest checkpoint is damaged.
    """
    steps = TrainStep(
        model, rows, config, objective, seed, measure, control or NoControl(), blocks, penalty, selection
    )
    done = load_last_checkpoint(folder, model, steps.optimizer)
    log = StepLog(folder / "steps.jsonl", done, is_first())
    model.train()
    with Progress("train", steps.num_steps, "steps", done, shown=is_first()) as progress:
        for step in range(done, steps.num_steps):
            row = steps.take(step)
            log.append(row)
            progress.advance(loss=f"{row['loss']:.3f}")
            on_step(step + 1, row)  # before the checkpoint: killed in between, both are done again
            stop = all_reduce_any(stop_requested())
            if stop or _due(step + 1, steps.num_steps, config.checkpoint_steps):
                save_checkpoint(folder, step + 1, model, steps.optimizer)
            stop_if(stop)
    model.eval()
    return Trained(steps.num_steps, done, log.rows())


def _due(done: int, num_steps: int, every: int | None) -> bool:
    """Whether a checkpoint is; not after the last step, when the weights themselves are about to be saved."""
    return every is not None and done % every == 0 and done < num_steps
