"""Five controls of a block's own part in the gain: the same size in other directions, and other sizes.

noise: singular values of the block's update, random singular vectors. permuted (LoRA): its own numbers in a
random order. other_seed: the block of another run of the same arm. wrong_block: the update of a block half
of the depth away. equal_norm: its own direction, sized so that every block moves by the same share of its
weights. Each alone, in the base. amplified: its own update times 1.5, in the tuned model.
"""

from collections.abc import Iterator, Mapping
from statistics import fmean

from torch import Tensor

from src.intervene.engine.adapter_gates import AdapterGates
from src.intervene.engine.gates import OWN, TUNED, Gate, Gates, MovedParts, Pattern
from src.intervene.engine.item_table import ItemTable
from src.intervene.engine.parts import Part
from src.intervene.players import block_players
from src.intervene.quantity import Quantity, quantity
from src.runtime.seeding import generator

AMPLIFIED = 1.5
KINDS = ("noise", "permuted", "wrong_block", "other_seed", "equal_norm", "amplified")
Variants = Mapping[tuple[str, str], Pattern]
"""By kind and player."""


def add_updates(gates: Gates, seed: int, other: Mapping[str, Tensor] | None) -> None:
    """Give the gates the updates that the controls run with.

    Args:
        gates: of the pair.
        seed: of the random ones.
        other: trained parameters of another run of the same arm by name; None where there is none.
    """
    gates.add_noise("noise", generator(seed, "causal noise"))
    if isinstance(gates, AdapterGates):
        gates.add_permuted("permuted", generator(seed, "causal permutation"))
    gates.add_shifted("wrong_block", wrong_blocks(gates))
    if other is not None:
        gates.add_stored("other_seed", other)


def wrong_blocks(gates: Gates) -> dict[Part, Part]:
    """For every block that moved, the one half of them further on."""
    moved = [part for part in gates.moved if part in gates.parts[1:-1]]
    half = len(moved) // 2
    return dict(zip(moved, [*moved[half:], *moved[:half]], strict=True))


def variants(gates: Gates, sizes: Mapping[Part, float]) -> dict[tuple[str, str], Pattern]:
    """What is run for each control of each block that moved.

    Args:
        gates: with the updates of `add_updates`.
        sizes: of each block's update as a share of its weights.
    """
    mean = fmean(sizes.values())
    found: dict[tuple[str, str], Pattern] = {}
    for player in block_players(gates):
        (block,) = player.parts
        if block not in sizes:
            continue
        alone = {name: Gate(1.0, name) for name in gates.update_names if name != OWN}
        alone["equal_norm"] = Gate(mean / sizes[block])
        found |= {(kind, player.name): gates.pattern({block: gate}) for kind, gate in alone.items()}
        more = dict.fromkeys(gates.parts, TUNED) | {block: Gate(AMPLIFIED)}
        found["amplified", player.name] = gates.pattern(more)
    return found


def control_quantities(gates: MovedParts, table: ItemTable, score: str, made: Variants) -> Iterator[Quantity]:
    """What each control brings alone, or on top of the tuned model."""
    for kind in KINDS:
        start = gates.tuned if kind == "amplified" else gates.base
        for (name, player), pattern in made.items():
            if name == kind:
                change = table.of(score, pattern) - table.of(score, start)
                yield quantity(score, kind, player, change)
