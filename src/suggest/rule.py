"""The rule: ranks in proportion to what each block wants, in the shortest band that holds most of it.

The demand of a block is a norm: how large its gradient is at the pretrained weights, or how far it moved.

* Why in proportion: if what a block still lacks falls as c / rank, the sum over blocks is least, for a fixed
  sum of ranks, where rank is proportional to the root of c (Neyman's allocation). c is a squared norm, so its
  root is the norm.
* Why a band: most of a profile's tail is noise, and blocks below the band cost no backward pass. The band is
  the shortest run of blocks that holds the share asked for; of equally short ones the one that holds most.
* Rounding: largest remainder, so the ranks sum to the budget exactly; below it only where every block of the
  band has reached the largest rank allowed. Every block of the band keeps at least rank 1.

What it cannot know: whether a change is wanted or only flows there. Where gradients are large, changes are
large: one of the two papers calls that gradient flow, the other finds that training the last blocks, where it
is often largest, is worst. A profile of gradients or of changes follows the flow. The suggestion is one more
arm of a study, to be compared at equal budget, and no finding.
"""

from collections.abc import Sequence
from math import floor


def shortest_band(demand: Sequence[float], share: float) -> tuple[int, int]:
    """First block and one past the last of the shortest run of blocks that holds `share` of the demand.

    Args:
        demand: at least 0 each, one a block, not all 0.
        share: in (0, 1].
    """
    num_blocks, needed = len(demand), share * sum(demand) * (1 - 1e-12)
    for length in range(1, num_blocks + 1):
        held = {start: sum(demand[start : start + length]) for start in range(num_blocks - length + 1)}
        best = max(held, key=lambda start: held[start])
        if held[best] >= needed:
            return best, best + length
    return 0, num_blocks


def allocate(demand: Sequence[float], budget: int, max_rank: int) -> list[int]:
    """Ranks in proportion to demand that sum to `budget`, each from 1 to `max_rank`.

    What a block would get beyond `max_rank` goes to the others. Ties of remainders go to the first block.

    Args:
        demand: at least 0 each, not all 0.
        budget: rank units to spend; at least one a block.
        max_rank: largest rank of a block.
    """
    target = min(budget, max_rank * len(demand))
    shares = _bounded_shares(demand, target, max_rank)
    ranks = [floor(share + 1e-9) for share in shares]
    by_remainder = sorted(range(len(ranks)), key=lambda block: (ranks[block] - shares[block], block))
    for block in by_remainder[: target - sum(ranks)]:
        ranks[block] += 1
    return ranks


def _bounded_shares(demand: Sequence[float], target: int, max_rank: int) -> list[float]:
    """Shares of `target` in proportion to demand, within [1, max_rank]: the factor is found by bisection."""
    if not target < max_rank * len(demand):
        return [float(max_rank)] * len(demand)

    def shares(factor: float) -> list[float]:
        return [min(max(factor * value, 1.0), float(max_rank)) for value in demand]

    low, high = 0.0, max_rank / min(value for value in demand if value > 0)
    if sum(shares(high)) < target:  # blocks without demand must take what is left
        rest = [block for block, value in enumerate(demand) if value == 0]
        each = (target - max_rank * (len(demand) - len(rest))) / len(rest)
        return [each if block in rest else float(max_rank) for block in range(len(demand))]
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if sum(shares(middle)) < target else (low, middle)
    return shares(high)
