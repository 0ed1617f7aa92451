"""LoRA's rank and alpha in a band: what was asked, what the budget makes of it, how the update is scaled."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from src.config.rules import refuse
from src.config.schema import MethodConfig
from src.method.band import band_blocks
from src.statistics.complete import shared

Shape = tuple[int, int]  # (inputs, outputs) of one linear layer


@dataclass(frozen=True)
class LoraPlan:
    """The rank and alpha of every adapted block: one of each in a band, or one a block (`method.ranks`)."""

    ranks: dict[int, int]
    """Rank by block; blocks that are not adapted are not in it."""
    alphas: dict[int, float]
    use_rslora: bool

    @property
    def rank(self) -> int | None:
        """The rank that all blocks share; None where they differ."""
        return shared(self.ranks.values())

    @property
    def alpha(self) -> float | None:
        """The alpha that all blocks share; None where they differ."""
        return shared(self.alphas.values())

    @property
    def scale(self) -> float | None:
        """The scale that all blocks share; None where they differ."""
        return shared(map(self.scale_of, self.ranks))

    @property
    def rank_units(self) -> int:
        """Sum of the ranks over blocks: the budget that the published scripts hold."""
        return sum(self.ranks.values())

    def scale_of(self, block: int) -> float:
        """What the product B A of a block is multiplied with before it is added to the weight."""
        rank = self.ranks[block]
        return self.alphas[block] / (math.sqrt(rank) if self.use_rslora else rank)


def plan_lora(method: MethodConfig, blocks: Sequence[int], shapes: Sequence[Sequence[Shape]]) -> LoraPlan:
    """Rank and alpha for the `blocks` of a band.

    Args:
        method: rank, ranks, alpha, scaling and budget as asked. With `ranks`, blocks of rank 0 are left out,
            and `scaling` holds for each block: alpha stays, or follows the block's own rank.
        blocks: the band's blocks.
        shapes: for every block of the model, the shapes of the linear layers that LoRA would adapt.

    Raises:
        ConfigError: the budget leaves no rank, a rank exceeds a matrix, or `ranks` does not fit the model
            or the band.
    """
    if method.ranks is None:
        ranks = dict.fromkeys(blocks, _budget_rank(method, blocks, shapes))
    else:
        ranks = _given_ranks(method.ranks, blocks, len(shapes))
    _check_sizes(method, ranks, shapes)
    if method.scaling == "alpha_over_r":
        alphas = {block: method.alpha * rank / method.rank for block, rank in ranks.items()}
    else:
        alphas = dict.fromkeys(ranks, method.alpha)
    return LoraPlan(ranks, alphas, use_rslora=method.scaling == "rslora")


def _given_ranks(ranks: Sequence[int], blocks: Sequence[int], num_blocks: int) -> dict[int, int]:
    """The blocks that a list of ranks adapts."""
    if len(ranks) != num_blocks:
        refuse("method.ranks", f"{len(ranks)} ranks", f"{num_blocks}, one for every block of the model")
    outside = [block for block, rank in enumerate(ranks) if rank and block not in blocks]
    if outside:
        refuse("method.ranks", f"a rank for blocks {outside}", "0 outside the band, or a wider band")
    return {block: rank for block, rank in enumerate(ranks) if rank}


def _check_sizes(method: MethodConfig, ranks: dict[int, int], shapes: Sequence[Sequence[Shape]]) -> None:
    """Refuse a rank that is larger than a matrix of its block."""
    for block, rank in ranks.items():
        smallest = min(min(shape) for shape in shapes[block])
        if rank > smallest:
            key = "method.rank" if method.ranks is None else "method.ranks"
            asked = f" (from rank {method.rank} and budget={method.budget})"
            given = f"{rank}{asked if method.ranks is None and rank != method.rank else ''}"
            refuse(key, given, f"at most {smallest}, the smaller side of the smallest matrix adapted")


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
