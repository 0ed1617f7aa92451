"""A carrier and what is known of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from numpy import ndarray

from src.carrier.fit import Fitted
from src.carrier.groups import Group


class FitEnd(NamedTuple):
    """How a fit ended; losses in nats a token."""

    baseline: float | None
    """The loss before the price counted; None where the warm-up did not end."""
    budget: float
    loss: float
    """The running mean."""
    price: float
    """Of one mask, in nats."""

    @property
    def within(self) -> bool:
        """Whether the running mean of the loss ends within its budget."""
        return self.loss <= self.budget


@dataclass(frozen=True)
class Found:
    """One carrier."""

    run: str
    rho: float
    end: FitEnd
    steps: list[dict[str, Any]]
    """Of the fit: step, loss and its running mean in nats a token, price, active masks."""
    active: dict[Group, ndarray]
    """[mask] bool by group: which are on."""
    density: float
    densities: dict[tuple[int, str], float]
    """By block and layer."""
    scores: dict[str, ndarray]
    """[item] by variant, in nats a token."""

    @classmethod
    def of_fit(
        cls,
        run: str,
        fitted: Fitted,
        density: float,
        densities: Mapping[tuple[int, str], float],
        scores: Mapping[str, ndarray],
    ) -> "Found":
        """What is told of a carrier that was fitted to a run."""
        dual = fitted.dual
        end = FitEnd(dual.baseline, dual.budget, dual.ema, dual.price)
        active = {group: mask.cpu().numpy() for group, mask in fitted.masks.active().items()}
        return cls(run, dual.rho, end, fitted.steps, active, density, dict(densities), dict(scores))

    @property
    def num_active(self) -> int:
        """How many masks are on."""
        return sum(int(mask.sum()) for mask in self.active.values())

    @property
    def num_masks(self) -> int:
        """How many there are."""
        return sum(len(mask) for mask in self.active.values())
