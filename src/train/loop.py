"""The training loop: batch -> loss -> backward -> clip -> optimizer -> control -> log -> checkpoint."""

import math
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from src.config.schema import TrainConfig
from src.control.control import Control, NoControl
from src.data.batches import num_steps, step_rows
from src.data.encode import EncodedRow
from src.errors import TrainingError
from src.method.penalty.penalty import Penalty
from src.objective.objective import Batch, Draw, Objective
from src.runtime.dtensor import whole
from src.runtime.preemption import stop_if, stop_requested
from src.runtime.progress import Progress
from src.runtime.seeding import set_global
from src.train.checkpoint import load_last_checkpoint, save_checkpoint
from src.train.collectives import all_reduce_any, all_reduce_sum, is_first, num_ranks, share_of, stream
from src.train.optimizer import learning_rate, make_optimizer
from src.train.reached import check_reached
from src.train.selection import Chosen, Selection
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
    loop = _Loop(model, rows, config, objective, seed, measure, control or NoControl(), blocks, penalty)
    loop.selection = selection
    done = load_last_checkpoint(folder, model, loop.optimizer)
    log = StepLog(folder / "steps.jsonl", done, is_first())
    model.train()
    with Progress("train", loop.num_steps, "steps", done, shown=is_first()) as progress:
        for step in range(done, loop.num_steps):
            row = loop.step(step)
            log.append(row)
            progress.advance(loss=f"{row['loss']:.3f}")
            on_step(step + 1, row)  # before the checkpoint: killed in between, both are done again
            stop = all_reduce_any(stop_requested())
            if stop or _due(step + 1, loop.num_steps, config.checkpoint_steps):
                save_checkpoint(folder, step + 1, model, loop.optimizer)
            stop_if(stop)
    model.eval()
    return Trained(loop.num_steps, done, log.rows())


def _due(done: int, num_steps: int, every: int | None) -> bool:
    """Whether a checkpoint is; not after the last step, when the weights themselves are about to be saved."""
    return every is not None and done % every == 0 and done < num_steps


class _Loop:
    """What every step needs."""

    def __init__(
        self,
        model: nn.Module,
        rows: list[EncodedRow],
        config: TrainConfig,
        objective: Objective,
        seed: int,
        measure: Callable[[], dict[str, Any]],
        control: Control,
        blocks: Sequence[str],
        penalty: Penalty | None,
    ) -> None:
        self.model, self.rows, self.config, self.seed = model, rows, config, seed
        self.objective, self.measure, self.control, self.penalty = objective, measure, control, penalty
        self.parameters = [value for value in model.parameters() if value.requires_grad]
        self.device = self.parameters[0].device
        self.optimizer = make_optimizer(self.parameters, config)
        self.num_steps = num_steps(config, len(rows))
        self.unchecked: Sequence[str] = blocks
        self.selection: Selection | None = None

    def step(self, step: int) -> dict[str, Any]:
        """One optimizer step, 0-based; the line for the log counts steps from 1."""
        start = time.perf_counter()
        batches, weights, selected = self._batches(step)
        rate = learning_rate(step, self.num_steps, self.config)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        made = self._collated(batches, step)
        total = int(all_reduce_sum(sum(self.objective.count(batch) for batch in made)))
        set_global(self.seed, "train", step, *stream())  # dropout draws from here
        loss = sum(
            self._backward(batch, total, step, rows, weight)
            for batch, rows, weight in zip(made, batches, weights, strict=True)
        )
        if self.unchecked:
            check_reached(self.model, self.unchecked)
            self.unchecked = ()
        penalised = self._penalise(step, made)
        measured = self.measure()
        norm = whole(nn.utils.clip_grad_norm_(self.parameters, self.config.max_grad_norm or math.inf)).item()
        if not math.isfinite(norm):
            raise TrainingError(
                f"step {step + 1}: the norm of the gradient is {norm}; "
                + self._names([i for batch in batches for i in batch])
            )
        self.control.before(rate * self.config.weight_decay)
        self.optimizer.step()
        if self.penalty is not None:
            self.penalty.after_step(rate)
        controlled = self.control.after(step)
        self.optimizer.zero_grad(set_to_none=True)
        return {
            "step": step + 1,
            "tokens": sum(len(self.rows[i].input_ids) for batch in batches for i in batch),
            self.objective.counted: total,
            "loss": loss,
            "learning_rate": rate,
            "gradient_norm": norm,
            **selected,
            **penalised,
            **measured,
            **controlled,
            "seconds": round(time.perf_counter() - start, 4),
        }

    def _batches(self, step: int) -> Chosen:
        """The step's micro-batches as row indices, the weight of each, and what a selection logs."""
        if self.selection is not None:
            return self.selection.step(self.model, step)
        accumulated = self.config.gradient_accumulation_steps
        batches = step_rows(step, len(self.rows), self.config.batch_size, accumulated, self.seed)
        return batches, [1.0] * len(batches), {}

    def _collated(self, batches: list[list[int]], step: int) -> list[Batch]:
        """The step's micro-batches. All are made first: the count of every one divides the loss of each."""
        draw, size = Draw(self.seed, step), self.config.batch_size
        shares = [share_of(batch) for batch in batches]
        return [
            self.objective.collate([self.rows[i] for i in mine], draw, number * size + begin)
            for number, (begin, mine) in enumerate(shares)
        ]

    def _backward(self, batch: Batch, count: int, step: int, rows: list[int], weight: float) -> float:
        """Add one batch's gradient times `weight`; its share of the step's loss, in nats a term."""
        batch = {key: value.to(self.device) for key, value in batch.items()}
        with self._autocast():
            summed, _ = self.objective.loss(self.model, batch)
        loss = summed / count
        value = all_reduce_sum(loss.item())
        if not math.isfinite(value):
            raise TrainingError(f"step {step + 1}: the loss is {value}; {self._names(rows)}")
        (
            loss * (num_ranks() * weight)
        ).backward()  # fully_shard takes the mean over ranks, and the sum is meant
        return value

    def _penalise(self, step: int, batches: list[Batch]) -> dict[str, float]:
        """Add the gradient of the penalty: every rank has the same, and their mean is taken."""
        if self.penalty is None:
            return {}
        value = 0.0
        for term in self.penalty.terms(batches):
            value += term.item()
            if term.requires_grad:
                term.backward()
        if not math.isfinite(value):
            raise TrainingError(f"step {step + 1}: the penalty of the method is {value}")
        return {"penalty": value}

    def _autocast(self) -> AbstractContextManager:
        if self.config.precision == "float32":
            return nullcontext()
        return torch.autocast(self.device.type, dtype=torch.bfloat16)

    def _names(self, rows: list[int]) -> str:
        return "rows " + ", ".join(self.rows[i].id for i in rows)
