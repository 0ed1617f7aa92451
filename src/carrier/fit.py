"""Fit the masks of a carrier: cross-entropy plus the price of every mask that is on."""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from src.carrier.dual import Dual
from src.carrier.masked_update import MaskedUpdate
from src.carrier.masks import Masks
from src.config.carrier import CarrierSettings
from src.data.batches import collate, step_rows
from src.data.encode import EncodedRow
from src.errors import TrainingError
from src.objective.causal_lm import predictions
from src.runtime.seeding import generator, set_global

WINDOW, PATIENCE, LEAST_FALL, LARGEST_LOSS = 20, 3, 0.01, 1.35


@dataclass
class Fitted:
    """A carrier and how it came about."""

    masks: Masks
    dual: Dual
    steps: list[dict[str, Any]] = field(default_factory=list)
    """step, loss and its running mean in nats a token, price, active masks."""


class CarrierFit:
    """The loop of a fit.

    Args:
        update: of the tuned model.
        rows: with labels where the loss looks.
        pad_id: behind shorter rows of a batch.
        settings: of the fit.
        rho: its budget.
        seed: of masks, order and dropout.
    """

    def __init__(
        self,
        update: MaskedUpdate,
        rows: Sequence[EncodedRow],
        pad_id: int,
        settings: CarrierSettings,
        rho: float,
        seed: int,
    ) -> None:
        self.update, self.rows, self.pad_id, self.settings, self.seed = update, rows, pad_id, settings, seed
        self.model = update.gates.model
        self.device = next(self.model.parameters()).device
        masks = Masks.drawn(update.sizes, generator(seed, "carrier"), self.device)
        self.found = Fitted(masks, Dual(settings, rho))
        self.mask_optimizer = torch.optim.SGD(
            masks.parameters, lr=settings.mask_rate, momentum=settings.mask_momentum
        )
        trained = update.trained() if settings.weights == "trained" else []
        self.weight_optimizer = torch.optim.AdamW(trained, lr=settings.weight_rate) if trained else None

    def run(self, done: Callable[[], object] = lambda: None) -> Fitted:
        """All steps, or those until `early_stop` says so; `done` is called after each."""
        trained = {id(value) for value in self.update.trained()} if self.weight_optimizer else set()
        asking = [value for value in self.model.parameters() if value.requires_grad]
        self.model.train(self.weight_optimizer is not None)
        try:
            for value in asking:
                value.requires_grad_(id(value) in trained)
            for step in range(self.settings.max_steps):
                self.found.steps.append(self.step(step))
                done()
                if self.settings.early_stop and should_stop(self.found.steps, self.found.dual.baseline):
                    break
        finally:
            for value in asking:
                value.requires_grad_(True)
            self.model.eval()
        return self.found

    def step(self, step: int) -> dict[str, Any]:
        """One optimizer step, from 0; what is logged of it counts from 1.

        Raises:
            TrainingError: the loss is no finite number.
        """
        masks, dual, chosen = self.found.masks, self.found.dual, self.settings
        weight, total = dual.weight(step) * dual.price, 0.0
        set_global(self.seed, "carrier", step)  # dropout draws from here
        for numbers in step_rows(step, len(self.rows), chosen.fit_batch_size, chosen.accumulation, self.seed):
            loss = self.loss([self.rows[number] for number in numbers])
            if not loss.isfinite():
                raise TrainingError(f"carrier: the loss of step {step + 1} is {loss.item()}")
            (loss / chosen.accumulation).backward()
            dual.see(loss.item())
            total += loss.item() / chosen.accumulation
        if weight:
            (weight * masks.penalty()).backward()
        for optimizer in (self.mask_optimizer, self.weight_optimizer):
            if optimizer is not None:
                optimizer.step()
                optimizer.zero_grad(set_to_none=True)
        dual.step(step)
        active = sum(int(mask.sum()) for mask in masks.active().values())
        return {"step": step + 1, "loss": total, "ema": dual.ema, "price": dual.price, "active": active}

    def loss(self, rows: Sequence[EncodedRow]) -> Tensor:
        """Mean over the supervised tokens of a micro-batch, under the masks, in nats."""
        batch = {name: value.to(self.device) for name, value in collate(rows, self.pad_id).items()}
        if self.settings.fit_loss == "kl":
            with torch.no_grad():
                wanted = predictions(self.model, batch)[0].log_softmax(dim=-1)
            with self.update.under(self.found.masks):
                given = predictions(self.model, batch)[0].log_softmax(dim=-1)
            return functional.kl_div(given, wanted, reduction="batchmean", log_target=True)
        with self.update.under(self.found.masks):
            return functional.cross_entropy(*predictions(self.model, batch))


def should_stop(steps: Sequence[dict[str, Any]], baseline: float | None) -> bool:
    """As published, at the end of a window of 20 steps.

    The masks fell by less than 1 % in each of the last three, or the median loss of the last is over 1.35
    times the baseline.
    """
    if baseline is None or len(steps) % WINDOW:
        return False
    if statistics.median(row["loss"] for row in steps[-WINDOW:]) > LARGEST_LOSS * baseline:
        return True
    ends = [row["active"] for row in steps[WINDOW - 1 :: WINDOW]][-PATIENCE - 1 :]
    falls = [1 - after / before for before, after in pairwise(ends) if before]
    return len(falls) == PATIENCE and max(falls) < LEAST_FALL
