"""Is a mixture of two models still a model: how sure it is, and how far from both, variant by variant."""

from collections.abc import Iterator
from typing import NamedTuple

from src.intervene.engine.gates import MovedParts, Pattern
from src.intervene.engine.item_table import ItemTable
from src.intervene.quantity import LOWER_IS_BETTER
from src.method.spans import spans_text


class Hybrid(NamedTuple):
    """One variant; means over items."""

    tuned: str
    """Its tuned parts, such as `embeddings 0-5 12-17`; none: the base."""
    value: float
    """Its score."""
    entropy: float
    """Nats a token. Far above that of both ends, the model is lost."""
    kl_tuned: float
    """KL(tuned || variant), nats a token."""
    kl_base: float
    below_both: bool
    """Whether it does worse than base and tuned model both: what it does is neither's."""


def hybrids(gates: MovedParts, table: ItemTable, score: str) -> Iterator[Hybrid]:
    """Every variant of the table, in its order."""
    means = {name: values.mean(axis=0).tolist() for name, values in table.values.items()}
    by_pattern = dict(zip(table.patterns, means[score], strict=True))
    sign = -1 if score in LOWER_IS_BETTER else 1
    floor = min(sign * by_pattern[gates.base], sign * by_pattern[gates.tuned])
    numbers = zip(*(means[name] for name in ("entropy", "kl_tuned", "kl_base")), strict=True)
    for (pattern, value), rest in zip(by_pattern.items(), numbers, strict=True):
        entropy, kl_tuned, kl_base = rest
        yield Hybrid(_tuned(gates, pattern), value, entropy, kl_tuned, kl_base, sign * value < floor)


def _tuned(gates: MovedParts, pattern: Pattern) -> str:
    parts = [part for part, gate in zip(gates.parts, pattern, strict=True) if gate.share]
    around = [str(part) for part in (gates.parts[0], gates.parts[-1]) if part in parts]
    blocks = spans_text([part for part in parts if isinstance(part, int)], " ")
    return " ".join([*around, *([blocks] if blocks else [])]) or "none"
