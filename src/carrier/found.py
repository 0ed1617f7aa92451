"""A carrier and what is known of it."""

from dataclasses import dataclass

from numpy import ndarray

from src.carrier.fit import Fitted


@dataclass(frozen=True)
class Found:
    """One carrier."""

    run: str
    rho: float
    fitted: Fitted
    density: float
    densities: dict[tuple[int, str], float]
    """By block and layer."""
    scores: dict[str, ndarray]
    """[item] by variant, in nats a token."""
