"""PCA steering: how few directions of what tuning changes in a block's output carry the gain.

The directions are right singular vectors of the differences, not centred, so that the mean shift is among
them. fixed: the part of the mean difference that lies in the first k directions, added to the base. oracle:
the part of each place's own difference, an upper bound that no fixed vector reaches. random: at the block
that is best with all directions, as much as fixed adds, in random directions.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy
import torch
from torch import Tensor

from src.config.intervention import InterventionConfig
from src.intervene.causal.summary import Summary
from src.intervene.quantity import Quantity, quantity
from src.intervene.study import Source
from src.intervene.vectors.differences import differences
from src.intervene.vectors.patch import unit
from src.intervene.vectors.published import published_steering
from src.intervene.vectors.pushes import Ends, Push
from src.intervene.vectors.selection import chosen_apart, read_apart
from src.intervene.vectors.study import Case, VectorStudy, changes
from src.intervene.vectors.variants import SCORES, PushTable, Variant, always
from src.intervene.vectors.words import steer_words
from src.metrics.uncertainty.jackknife import jackknife_interval
from src.runtime.seeding import generator
from src.storage.csv_file import write_csv

ALL = "all"
ACTIONS = ("fixed", "oracle")


class SteerStudy(VectorStudy):
    """How many directions does the gain need?"""

    name = "steer"

    def __init__(self, sources: Sequence[Source], chosen: InterventionConfig, out: Path) -> None:
        super().__init__(sources, chosen, out)
        self.energy: list[tuple[str, int, str, float, float, float]] = []

    def half_passes(self) -> int:
        """Both actions at every block and rank, and random directions at most two blocks."""
        ranks = len(self.chosen.ranks) + 1
        return (
            2
            if self.chosen.form == "published"
            else ranks * (2 * len(self.blocks()) + 2 * self.chosen.num_random)
        )

    def of_pair(self, case: Case) -> list[Quantity]:
        """Gain, both actions by block and rank, those of the best block, random directions there."""
        if self.chosen.form == "published":
            return published_steering(case)
        replay = case.pair.replay
        at_end = self.chosen.differences == "prompt_end"
        moved = differences(replay, case.fit, "completion", last_only=at_end)
        bases = [directions_of(moved.values[block]) for block in self.blocks()]
        means = [moved.values[block].double().mean(dim=0) for block in self.blocks()]
        self.energy += [
            (case.pair.name, block, k, *energy_share(moved.values[block], moved.rows, k))
            for block in self.blocks()
            for k in self._ranks()[:-1]
        ]
        table = self._scored(case, list(self._steered(bases, means)), "steered")
        best = chosen_apart(table, [f"fixed: {_name(block, ALL)}" for block in self.blocks()])
        blocks = [int(name.removeprefix("fixed: block ").partition(",")[0]) for name in best]
        randoms = [one for block in dict.fromkeys(blocks) for one in self._random(block, bases, means)]
        beside = self._scored(case, randoms, "random")
        rows = [quantity(s, "gain", "all", table.change(s, "tuned")) for s in SCORES]
        return [*rows, *changes(table, table.names[2:]), *self._apart(table, beside, blocks)]

    def told(self, found: Sequence[Summary]) -> list[str]:
        """The decision."""
        return steer_words(found, self)

    def write(self) -> None:
        """Also energy.csv: the share of the squared differences in the first k directions."""
        super().write()
        if self.energy:
            write_csv(self.out / "energy.csv", ("run", "block", "rank", "share", "low", "high"), self.energy)

    def _ranks(self) -> list[str]:
        return [*(str(rank) for rank in self.chosen.ranks), ALL]

    def _scored(self, case: Case, variants: list[Variant], name: str) -> PushTable:
        return case.scored_under(variants, self.chosen.positions, name, self.chosen.differences)

    def _steered(self, bases: list[Tensor], means: list[Tensor]) -> Iterator[Variant]:
        for block, basis, mean in zip(self.blocks(), bases, means, strict=True):
            for rank in self._ranks():
                some = None if rank == ALL else basis[: int(rank)]
                fixed = {block: mean if some is None else some.T @ (some @ mean)}
                yield Variant("fixed", _name(block, rank), always(fixed))
                yield Variant("oracle", _name(block, rank), partial(_own, block, some))

    def _random(self, block: int, bases: list[Tensor], means: list[Tensor]) -> Iterator[Variant]:
        place = self.blocks().index(block)
        basis, mean = bases[place], means[place]
        draw = generator(0, "steer directions", block)
        for rank in self._ranks():
            some = basis[: len(basis) if rank == ALL else int(rank)]
            size = mean.norm() if rank == ALL else (some @ mean).norm()
            for number in range(1, self.chosen.num_random + 1):
                push = {block: size * unit(torch.randn(len(mean), generator=draw))}
                yield Variant("random", f"rank {rank}, direction {number}, block {block}", always(push))

    def _apart(self, table: PushTable, beside: PushTable, blocks: list[int]) -> Iterator[Quantity]:
        """Each item at the block that was best on the other half of the items."""
        for rank in self._ranks():
            for action in ACTIONS:
                names = [f"{action}: {_name(block, rank)}" for block in blocks]
                for score in SCORES:
                    yield quantity(score, f"best_{action}", f"rank {rank}", read_apart(table, names, score))
            for score in SCORES:
                drawn = [
                    read_apart(
                        beside, [f"random: rank {rank}, direction {n}, block {b}" for b in blocks], score
                    )
                    for n in range(1, self.chosen.num_random + 1)
                ]
                if drawn:
                    yield quantity(score, "best_random", f"rank {rank}", numpy.mean(drawn, axis=0))


def directions_of(rows: Tensor) -> Tensor:
    """Right singular vectors [direction, width] of rows [place, width], uncentred, the strongest first.

    Signs are such that the mean row lies on the positive side of the first; a row of nothing has none.
    """
    found = torch.linalg.svd(rows.double(), full_matrices=False).Vh
    signs = torch.sign(found @ rows.double().mean(dim=0))
    return found * signs.where(signs != 0, 1.0)[:, None]


def energy_share(rows: Tensor, numbers: Tensor, rank: str) -> tuple[float, float, float]:
    """Share of the squared norm in the first directions, with its jackknife interval over rows of text.

    Args:
        rows: [place, width].
        numbers: [place], which row of text each place is of.
        rank: how many directions, as text.
    """
    num_rows = int(numbers.max()) + 1

    def share(kept: Tensor) -> float:
        some = rows[torch.isin(numbers, kept)].double()
        gram = some @ some.T if len(some) < some.shape[1] else some.T @ some
        values = torch.linalg.eigvalsh(gram).clamp(min=0).flip(0)
        return float(values[: int(rank)].sum() / values.sum())

    value = share(torch.arange(num_rows))
    interval = jackknife_interval(share, value, num_rows, 1)
    return value, interval.low, interval.high


def _name(block: int, rank: str) -> str:
    return f"block {block}, rank {rank}"


def _own(block: int, basis: Tensor | None, ends: Ends) -> Push:
    """The part of each place's own difference that lies in some directions, or all of it."""
    moved = (ends.tuned[block + 1].states - ends.base[block + 1].states).double()
    if basis is not None:
        there = basis.to(moved.device)
        moved = moved @ there.T @ there
    return {block: moved}
