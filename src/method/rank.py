"""LoRA's rank and alpha in a band: what was asked, what the budget makes of it, how the update is scaled."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from src.config.rules import refuse
from src.config.schema import MethodConfig
from src.method.band import band_blocks

Shape = tuple[int, int]  # (inputs, outputs) of one linear layer


@dataclass(frozen=True)
class LoraPlan:
    """One rank for the whole band, as in the published scripts."""

    rank: int
    alpha: float
    use_rslora: bool

    @property
    def scale(self) -> float:
        """What the product B A is multiplied with before it is added to the weight."""
        return self.alpha / (math.sqrt(self.rank) if self.use_rslora else self.rank)


def plan_lora(method: MethodConfig, blocks: Sequence[int], shapes: Sequence[Sequence[Shape]]) -> LoraPlan:
    """Rank and alpha for the `blocks` of a band.

    Args:
        method: rank, alpha, scaling and budget as asked.
        blocks: the band's blocks.
        shapes: for every block of the model, the shapes of the linear layers that LoRA would adapt.

    Raises:
        ConfigError: the budget leaves no rank, or the rank exceeds a matrix.
    """
    rank = _budget_rank(method, blocks, shapes)
    smallest = min(min(shape) for block in blocks for shape in shapes[block])
    if rank > smallest:
        asked = "" if rank == method.rank else f" (from rank {method.rank} and budget={method.budget})"
        refuse(
            "method.rank",
            f"{rank}{asked}",
            f"at most {smallest}, the smaller side of the smallest matrix adapted",
        )
    if method.scaling == "alpha_over_r":
        return LoraPlan(rank, method.alpha * rank / method.rank, use_rslora=False)
    return LoraPlan(rank, method.alpha, use_rslora=method.scaling == "rslora")


def _budget_rank(method: MethodConfig, blocks: Sequence[int], shapes: Sequence[Sequence[Shape]]) -> int:
    """The rank that spends the budget, rounded down as the published tables are (64 * 32 / 19 -> 107)."""
    if method.budget == "none":
        return method.rank
    start, stop = method.budget_band
    reference = band_blocks(start, stop, len(shapes))
    units = _rank_unit if method.budget == "rank" else _parameters_per_rank
    budget = method.rank * sum(units(shapes[block]) for block in reference)
    rank = budget // sum(units(shapes[block]) for block in blocks)
    if rank < 1:
        refuse(
            "method.budget", method.budget, f"a budget that leaves at least rank 1 on {len(blocks)} blocks"
        )
    return rank


def _rank_unit(shapes: Sequence[Shape]) -> int:
    return 1 if shapes else 0


def _parameters_per_rank(shapes: Sequence[Shape]) -> int:
    return sum(inputs + outputs for inputs, outputs in shapes)
