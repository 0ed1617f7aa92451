"""The best share of each segment, one segment at a time, on rows that nothing else is scored on."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from src.intervene.engine.gates import Pattern
from src.intervene.engine.item_table import ItemTable
from src.intervene.engine.variants import score_patterns
from src.intervene.merge.plans import SHARES, shares_of
from src.intervene.pair import Pair

ROUNDS = 2


def coordinate_search(
    worth: Callable[[Sequence[tuple[float, ...]]], Sequence[float]], num_segments: int
) -> tuple[float, ...]:
    """Shares by segment that no change of one of them improves, or what two rounds came to; from all 1 on.

    `worth` says how good each of some mixtures is, at once; of equal ones the first in `SHARES` is taken.
    """
    best = (1.0,) * num_segments
    for _ in range(ROUNDS):
        before = best
        for place in range(num_segments):
            tried = [(*best[:place], share, *best[place + 1 :]) for share in SHARES]
            found = worth(tried)
            best = tried[max(range(len(tried)), key=lambda one: found[one])]
        if best == before:
            break
    return best


def found_shares(pair: Pair, num_segments: int, folder: Path) -> tuple[float, ...]:
    """By how far a mixture lies above the straight line between base and tuned model, task against English.

    The task counts in nats a token; a nat a byte of English costs as many of them as tuning paid for it.
    Where no English is asked for, or tuning cost none, the task alone counts. No source states this choice
    (INFERRED). Rows are those of the split `probe`, passages come after those that are scored.
    """
    items = [pair.material.task("probe")]
    if len(pair.scores) > 1:
        items.append(pair.material.english(further=True))
    gates, step = pair.replay.gates, 0

    def means(tried: Sequence[Pattern]) -> list[Mapping[Pattern, float]]:
        nonlocal step
        step += 1
        tables: list[ItemTable] = [
            score_patterns(pair.replay, one, tried, folder / f"{one.score}-{step:02d}", pair.key)
            for one in items
        ]
        return [
            {pattern: float(table.of(one.score, pattern).mean()) for pattern in table.patterns}
            for one, table in zip(items, tables, strict=True)
        ]

    def worth(tried: Sequence[tuple[float, ...]]) -> list[float]:
        patterns = [shares_of(gates, shares) for shares in tried]
        found = means(patterns)
        prices = [1.0, *(-_price(*found) for _ in found[1:])]
        return [
            sum(price * mean[pattern] for price, mean in zip(prices, found, strict=True))
            for pattern in patterns
        ]

    def _price(task: Mapping[Pattern, float], english: Mapping[Pattern, float]) -> float:
        gain, cost = (mean[gates.tuned] - mean[gates.base] for mean in (task, english))
        return max(0.0, gain / cost) if cost > 0 else 0.0

    return coordinate_search(worth, num_segments)
