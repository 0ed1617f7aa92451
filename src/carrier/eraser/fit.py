"""Fit the vectors of a trigger."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from src.carrier.eraser.loss import Goal, channel_loss, kl_loss, needs_model, norm_loss, project
from src.carrier.eraser.prompts import Prompts
from src.carrier.eraser.triggered import Triggered
from src.config.eraser import EraserSettings
from src.data.batches import step_rows
from src.model.trunk import token_table
from src.runtime.preemption import stop_if_asked
from src.runtime.seeding import generator

MAX_NORM = 1.0
"""The gradient is clipped to it."""


@dataclass
class Trigger:
    """Fitted vectors."""

    vectors: Tensor
    """[vector, width]"""
    best_step: int = 0
    """The optimizer step after which they were kept, from 1."""
    steps: list[dict[str, Any]] = field(default_factory=list)
    """step, loss on its own prompts, and where it was looked at loss on those of the choice."""


def started(table: Tensor, num_vectors: int, seed: int) -> Tensor:
    """Embeddings of random tokens of the table [token, width]."""
    chosen = torch.randint(len(table), (num_vectors,), generator=generator(seed, "trigger"))
    return table[chosen.to(table.device)].detach().clone()


class TriggerFit:
    """The loop of a fit.

    Args:
        base: the base model.
        tuned: the variant that the trigger is to undo.
        goal: where it should be.
        fitted: prompts of the steps.
        choice: prompts that the best step is chosen on.
        settings: of the fit.
        seed: of start and order.
    """

    def __init__(
        self,
        base: Triggered,
        tuned: Triggered,
        goal: Goal,
        fitted: Prompts,
        choice: Prompts,
        settings: EraserSettings,
        seed: int,
    ) -> None:
        self.base, self.tuned, self.goal = base, tuned, goal
        self.fitted, self.choice = fitted, choice
        self.settings, self.seed = settings, seed

    def run(self, done: Callable[[], object] = lambda: None) -> Trigger:
        """All steps; the vectors with the lowest loss are kept. `done` is called after each step."""
        chosen = self.settings
        start = started(token_table(self.tuned.replay.base), chosen.num_vectors, self.seed)
        vectors = start.requires_grad_()
        optimizer = torch.optim.Adam([vectors], lr=chosen.trigger_rate)
        found, lowest = Trigger(start.detach().clone()), float("inf")
        for step in range(chosen.trigger_steps):
            stop_if_asked()
            (numbers,) = step_rows(step, len(self.fitted), chosen.prompt_batch, 1, self.seed)
            loss = self._stepped(vectors, optimizer, numbers)
            row = {"step": step + 1, "loss": loss}
            looked = loss if not chosen.own_split else None
            if chosen.own_split and self._looks(step + 1):
                looked = row["choice"] = self.chosen_loss(vectors)
            if looked is not None and looked < lowest:  # published: of the loss before the step that is kept
                lowest, found.best_step = looked, step + 1
                found.vectors = vectors.detach().clone()
            found.steps.append(row)
            done()
        return found

    def loss(self, vectors: Tensor, prompts: Prompts, base: Tensor) -> Tensor:
        """The whole loss of some prompts, inside `running`; `base` as `base_ends` gives it."""
        chosen, count = self.settings, len(vectors)
        total = chosen.norm_weight * norm_loss(vectors)
        if not needs_model(chosen):
            return total
        states = self.tuned.states(prompts.ids, prompts.lengths, vectors)
        if chosen.channel_weight:
            last = self.tuned.at_last(states, prompts.lengths, count)
            distance = channel_loss(last, prompts, self.goal, chosen.pool_prompts)
            total = total + chosen.channel_weight * distance
        if chosen.kl_weight:
            ends, seen = self.tuned.at_ends(states[-1], prompts.lengths, chosen.last_positions, count)
            total = total + chosen.kl_weight * kl_loss(self.tuned.logits(ends[seen]), base)
        return total

    def base_ends(self, prompts: Prompts) -> Tensor:
        """Log-probabilities [position, vocabulary] of the base at the last positions of some prompts."""
        if not self.settings.kl_weight:
            return prompts.ends.new_zeros(0)
        with self.base.running():
            return self.base.logits(prompts.ends[prompts.seen]).log_softmax(dim=-1)

    def chosen_loss(self, vectors: Tensor) -> float:
        """On the prompts of the choice, batch by batch."""
        losses, batch, count = [], self.settings.prompt_batch, len(self.choice)
        for start in range(0, count, batch):
            some = self.choice.some(range(start, min(start + batch, count)))
            base = self.base_ends(some)
            with self.tuned.running():
                losses.append(len(some) * float(self.loss(vectors, some, base)))
        return sum(losses) / count

    def _looks(self, done: int) -> bool:
        """Whether the prompts of the choice are looked at after so many steps."""
        return done % self.settings.check_steps == 0 or done == self.settings.trigger_steps

    def _stepped(self, vectors: Tensor, optimizer: torch.optim.Optimizer, numbers: list[int]) -> float:
        some = self.fitted.some(numbers)
        base = self.base_ends(some)
        with self.tuned.running(gradients=True):
            loss = self.loss(vectors, some, base)
            loss.backward()
        nn.utils.clip_grad_norm_([vectors], MAX_NORM)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        project(vectors, self.settings.radius)
        return loss.item()
