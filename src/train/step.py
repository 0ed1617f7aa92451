"""One optimizer step: batches -> losses -> backward -> penalty -> clip -> optimizer -> control."""

import math
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor, nn

from src.config.schema import TrainConfig
from src.control.control import Control
from src.data.batches import num_steps
from src.data.encode import EncodedRow
from src.errors import TrainingError
from src.method.penalty.penalty import Penalty
from src.objective.objective import Batch, Objective
from src.runtime.dtensor import whole
from src.runtime.seeding import set_global
from src.train.collectives import all_reduce_sum, all_reduce_sums, num_ranks, stream
from src.train.feed import Feed, StepBatches
from src.train.optimizer import learning_rate, make_optimizer
from src.train.reached import check_reached
from src.train.selection import Selection


class TrainStep:
    """The steps of one training, and what each of them needs."""

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
        selection: Selection | None,
    ) -> None:
        self.model, self.rows, self.config, self.seed = model, rows, config, seed
        self.objective, self.measure, self.control, self.penalty = objective, measure, control, penalty
        self.parameters = [value for value in model.parameters() if value.requires_grad]
        self.device = self.parameters[0].device
        self.optimizer = make_optimizer(self.parameters, config)
        self.num_steps = num_steps(config, len(rows))
        self.unchecked: Sequence[str] = blocks
        self.feed = Feed(rows, config, objective, seed, self.device, selection)

    def take(self, step: int) -> dict[str, Any]:
        """One optimizer step, 0-based; the line for the log counts steps from 1.

        The device is waited for once: when the losses and the norm of the gradient are read.
        """
        start = time.perf_counter()
        given = self.feed.take(self.model, step)
        rate = learning_rate(step, self.num_steps, self.config)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        total = int(all_reduce_sum(sum(self.objective.count(batch) for batch in given.made)))
        set_global(self.seed, "train", step, *stream())  # dropout draws from here
        losses = [
            self._backward(batch, total, weight)
            for batch, weight in zip(given.moved, given.weights, strict=True)
        ]
        if self.unchecked:
            check_reached(self.model, self.unchecked)
            self.unchecked = ()
        penalties = self._penalise(given.made)
        measured = self.measure()
        norm = whole(nn.utils.clip_grad_norm_(self.parameters, self.config.max_grad_norm or math.inf))
        if step + 1 < self.num_steps:
            self.feed.prepare(step + 1)
        loss, penalty, length = self._read(step, given, losses, penalties, norm)
        self.control.before(rate * self.config.weight_decay)
        self.optimizer.step()
        if self.penalty is not None:
            self.penalty.after_step(rate)
        controlled = self.control.after(step)
        self.optimizer.zero_grad(set_to_none=True)
        return {
            "step": step + 1,
            "tokens": sum(len(self.rows[i].input_ids) for i in given.every_row),
            self.objective.counted: total,
            "loss": loss,
            "learning_rate": rate,
            "gradient_norm": length,
            **given.told,
            **penalty,
            **measured,
            **controlled,
            "seconds": round(time.perf_counter() - start, 4),
        }

    def _backward(self, batch: Batch, count: int, weight: float) -> Tensor:
        """Add one batch's gradient times `weight`; its share of the step's loss, in nats a term."""
        with self._autocast():
            summed, _ = self.objective.loss(self.model, batch)
        loss = summed / count
        (loss * (num_ranks() * weight)).backward()  # fully_shard takes the mean over ranks, the sum is meant
        return loss.detach()

    def _penalise(self, batches: list[Batch]) -> list[Tensor]:
        """Add the gradient of the penalty: every rank has the same, and their mean is taken. Its terms."""
        found = []
        for term in self.penalty.terms(batches) if self.penalty is not None else ():
            found.append(term.detach())
            if term.requires_grad:
                term.backward()
        return found

    def _read(
        self, step: int, given: StepBatches, losses: list[Tensor], penalties: list[Tensor], norm: Tensor
    ) -> tuple[float, dict[str, float], float]:
        """The loss of all ranks, the penalty and the norm of the gradient, fetched in one transfer.

        Raises:
            TrainingError: one of them is not finite; the weights are still those before the step.
        """
        numbers = torch.stack([value.double() for value in (*losses, *penalties, norm)]).tolist()
        of_batches = all_reduce_sums(numbers[: len(losses)])
        penalty, length = sum(numbers[len(losses) : -1]), numbers[-1]
        for value, rows in zip(of_batches, given.rows, strict=True):
            if not math.isfinite(value):
                raise TrainingError(f"step {step + 1}: the loss is {value}; {self._names(rows)}")
        if not math.isfinite(penalty):
            raise TrainingError(f"step {step + 1}: the penalty of the method is {penalty}")
        if not math.isfinite(length):
            told = f"step {step + 1}: the norm of the gradient is {length}"
            raise TrainingError(f"{told}; {self._names(given.every_row)}")
        return sum(of_batches), {"penalty": penalty} if self.penalty is not None else {}, length

    def _autocast(self) -> AbstractContextManager:
        if self.config.precision == "float32":
            return nullcontext()
        return torch.autocast(self.device.type, dtype=torch.bfloat16)

    def _names(self, rows: list[int]) -> str:
        return "rows " + ", ".join(self.rows[i].id for i in rows)
