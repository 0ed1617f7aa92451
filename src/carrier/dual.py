"""The price of a mask, set so that the loss stays within a budget above what it was before masking."""

import math
from collections.abc import Mapping
from typing import Any

from src.config.carrier import CarrierSettings

EMA = 0.95


class Dual:
    """The dual variable of min (number of masks) subject to loss <= budget.

    lambda <- clip(lambda * exp(-rate * v)), v = (EMA - budget) / budget clipped: it grows while the loss is
    below its budget. The rate may be another one there.

    Args:
        settings: of the fit.
        rho: how far the loss may rise above its baseline, as a share of it.
    """

    def __init__(self, settings: CarrierSettings, rho: float) -> None:
        self.settings, self.rho, self.price = settings, rho, settings.price
        self.baseline: float | None = None
        """The loss before the price counts; None until the warm-up is over."""
        self._sum, self._count = 0.0, 0

    @classmethod
    def from_state(cls, settings: CarrierSettings, rho: float, state: Mapping[str, Any]) -> "Dual":
        """As another was when it gave its `state`, to the last bit."""
        found = cls(settings, rho)
        found.price, found.baseline = state["price"], state["baseline"]
        found._sum, found._count = state["sum"], state["count"]
        return found

    @property
    def state(self) -> dict[str, Any]:
        """What `from_state` needs."""
        return {"price": self.price, "baseline": self.baseline, "sum": self._sum, "count": self._count}

    @property
    def ema(self) -> float:
        """The running mean of the loss, without the bias of its start."""
        return self._sum / (1 - EMA**self._count)

    @property
    def budget(self) -> float:
        """What the loss may be: baseline (1 + rho); infinite until the baseline is known."""
        return math.inf if self.baseline is None else self.baseline * (1 + self.rho)

    def weight(self, step: int) -> float:
        """What the price counts in step `step`, from 0.

        Published: it rises over the warm-up, so that the baseline has some of it in it. Else it is 0 there,
        and 1 afterwards.
        """
        if self.settings.ramp:
            return min(1.0, step / self.settings.warmup_steps) if self.settings.warmup_steps else 1.0
        return float(step >= self.settings.warmup_steps)

    def see(self, loss: float) -> None:
        """One micro-batch."""
        self._sum = EMA * self._sum + (1 - EMA) * loss
        self._count += 1

    def step(self, step: int) -> None:
        """Behind optimizer step `step`, from 0: the first of them after the warm-up sets the baseline."""
        if self.baseline is None:
            if step >= self.settings.warmup_steps:
                self.baseline = self.ema
            return
        self.move((self.ema - self.budget) / self.budget)

    def move(self, excess: float) -> None:
        """The price after a step with the loss that far above its budget, as a share of it."""
        chosen = self.settings
        v = max(-chosen.clip, min(chosen.clip, excess))
        rate = chosen.growth_rate if v < 0 else chosen.shrink_rate
        self.price = max(chosen.least_price, min(chosen.largest_price, self.price * math.exp(-rate * v)))
