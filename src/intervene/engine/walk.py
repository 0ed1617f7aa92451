"""Many variants of one stack, each run as far as it differs from those before it."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from src.intervene.engine.gates import Gate, Pattern

State = TypeVar("State")
Step = Callable[[int, Gate, State], State]
"""From the place of a part, its gate and the state below it to the state above it."""


def walk(patterns: Sequence[Pattern], step: Step[State], start: State) -> Iterator[tuple[int, State]]:
    """The index of every pattern with its last state, depth first.

    Patterns that agree up to some part share the states up to it. A state is held while a variant that
    starts from it is still to come, beside the one that is computed: for the 2^S patterns of S segments that
    is at most S + 1, however many blocks they have. At each part the smallest share goes first: where the
    base is among the variants, it is the first of all.
    """
    if patterns:
        yield from _descend(patterns, step, start, 0, list(range(len(patterns))))


def _descend(
    patterns: Sequence[Pattern], step: Step[State], state: State, depth: int, indices: list[int]
) -> Iterator[tuple[int, State]]:
    for place in range(depth, len(patterns[0])):
        *others, (gate, members) = _groups(patterns, place, indices)
        for other, apart in others:
            yield from _descend(patterns, step, step(place, other, state), place + 1, apart)
        state, indices = step(place, gate, state), members  # the last one needs what is below no longer
    for index in indices:
        yield index, state


def num_steps(patterns: Sequence[Pattern]) -> list[int]:
    """How often the walk runs each part: the number of different beginnings that end with it."""
    return (
        [len({pattern[: place + 1] for pattern in patterns}) for place in range(len(patterns[0]))]
        if patterns
        else []
    )


def _groups(patterns: Sequence[Pattern], place: int, indices: list[int]) -> list[tuple[Gate, list[int]]]:
    found: dict[Gate, list[int]] = {}
    for index in indices:
        found.setdefault(patterns[index][place], []).append(index)
    order: Any = sorted(found, key=lambda gate: (abs(gate.share), gate.share, gate.update))
    return [(gate, found[gate]) for gate in order]
