"""What is lost by choosing blocks by an observed profile: sets of blocks, each measured as a whole."""

from collections.abc import Collection, Iterator, Mapping, Sequence

import numpy
from numpy import ndarray

from src.intervene.causal.summary import Ratio, Summary, ratio
from src.intervene.engine.gates import TUNED, MovedParts, Pattern
from src.intervene.engine.item_table import ItemTable
from src.intervene.quantity import Quantity, quantity

KIND = "chosen"
"""Of the quantities: what a set of blocks brings in the base."""
BEST, RANDOM = "best by alone", "random"
NUM_RANDOM = 100


def num_chosen(num_blocks: int) -> int:
    """A fifth of the blocks."""
    return max(1, num_blocks // 5)


def random_sets(moved: Sequence[int], num_blocks: int, seed: int) -> list[frozenset[int]]:
    """As many blocks of those that moved; none where there is nothing to choose."""
    size = num_chosen(num_blocks)
    if len(moved) <= size:
        return []
    draw = numpy.random.default_rng(seed)
    return [frozenset(draw.choice(moved, size, replace=False).tolist()) for _ in range(NUM_RANDOM)]


def top(profile: ndarray, moved: Collection[int]) -> frozenset[int]:
    """The blocks with the largest values of a profile [block], of those that moved; ties to the first."""
    order = sorted(moved, key=lambda block: (-profile[block], block))
    return frozenset(order[: num_chosen(len(profile))])


def pattern_of(gates: MovedParts, chosen: Collection[int]) -> Pattern:
    """The variant in which these blocks are tuned."""
    return gates.pattern(dict.fromkeys(chosen, TUNED))


def chosen_quantities(
    gates: MovedParts,
    table: ItemTable,
    score: str,
    sets: Mapping[str, frozenset[int]],
    random: Sequence[frozenset[int]],
) -> Iterator[Quantity]:
    """What each chosen set brings, and the mean of the random ones; none that the table has not."""
    none = table.of(score, gates.base)
    drawn = numpy.mean([table.of(score, pattern_of(gates, one)) for one in random], axis=0)
    yield quantity(score, KIND, RANDOM, drawn - none)
    for name, one in sets.items():
        yield quantity(score, KIND, name, table.of(score, pattern_of(gates, one)) - none)


def regrets(found: Sequence[Quantity]) -> dict[str, Summary]:
    """By profile (v(best) - v(chosen)) / (v(best) - v(random)): 0 as good as the best, 1 as blind.

    Best: the blocks that bring most alone. Below 0, another set was better.
    """
    values = {one.player: one.values for one in found if one.kind == KIND}
    if not values:
        return {}
    best, blind = values.pop(BEST), values.pop(RANDOM)
    ratios = [Ratio(name, best - one, best - blind) for name, one in values.items()]
    return {one.name: ratio("logp", *one) for one in ratios}
