"""Vector patching: the mean shift that tuning makes at a block's output, added to the base there.

patched: one block's own vector, times alpha. together: all of them at once. best: the block and alpha that
are best on one half of the items, told of the other half. At that block and alpha also random directions of
the same norm, the vector of a block half of the depth away, and that of rows the tuned model gets wrong.
slope: how fast the score rises with alpha at 0. lens: the share of gold tokens that the base's head finds in
a block's output as it is.
"""

from collections.abc import Sequence

import numpy
import torch
from torch import Tensor

from src.intervene.causal.summary import Summary
from src.intervene.engine.gates import BASE
from src.intervene.engine.items import Items
from src.intervene.engine.replay import Replay
from src.intervene.engine.scoring import accuracy
from src.intervene.quantity import Quantity, quantity
from src.intervene.vectors.differences import Differences, differences
from src.intervene.vectors.published import published_patches
from src.intervene.vectors.pushes import layers, logits, slopes
from src.intervene.vectors.selection import chosen_apart, read_apart
from src.intervene.vectors.study import Case, VectorStudy, changes
from src.intervene.vectors.variants import SCORES, PushTable, Variant, always
from src.intervene.vectors.words import patch_words
from src.runtime.seeding import generator


class PatchStudy(VectorStudy):
    """Is the mean shift what tuning adds?"""

    name = "patch"

    def half_passes(self) -> int:
        """One block at a time, all at once, and the controls of at most two selections."""
        if self.chosen.form == "published":
            return 8
        return (len(self.blocks()) + 2) * len(self.chosen.alphas) + 2 * (self.chosen.num_random + 2)

    def of_pair(self, case: Case) -> list[Quantity]:
        """Gain, patched, together, best, its controls, slopes."""
        if self.chosen.form == "published":
            return published_patches(case)
        replay, positions = case.pair.replay, self.chosen.positions
        moved = differences(replay, case.fit, positions)
        directions = moved.mean()
        table = case.scored_under(self._patches(directions), positions, "patched")
        own = [name for name in table.names if name.startswith("patched")]
        best = chosen_apart(table, own)
        controls = [one for name in dict.fromkeys(best) for one in self._controls(name, moved, directions)]
        beside = case.scored_under(controls, positions, "controls")
        rows = [quantity(s, "gain", "all", table.change(s, "tuned")) for s in SCORES]
        rows += changes(table, table.names[2:])
        rows += [quantity(s, "best", "chosen on other items", read_apart(table, best, s)) for s in SCORES]
        rows += _controls_apart(beside, best)
        found = slope_table(replay, case.scored, positions, directions)
        rows += [quantity("logp", "slope", f"block {block}", found[:, block]) for block in self.blocks()]
        read = lens_table(replay, case.scored)
        return rows + [
            quantity("accuracy", "lens", f"block {block}", read[:, block]) for block in self.blocks()
        ]

    def told(self, found: Sequence[Summary]) -> list[str]:
        """The decision."""
        randoms = [self.values("random", row.player) for row in self.rows
                   if (row.score, row.kind) == ("logp", "random")]  # fmt: skip
        return patch_words(found, randoms, self)

    def _patches(self, directions: Tensor) -> list[Variant]:
        found = []
        for alpha in self.chosen.alphas:
            for block in self.blocks():
                push = {block: alpha * directions[block]}
                found.append(Variant("patched", patch_name(block, alpha), always(push)))
            every = {block: alpha * directions[block] for block in range(self.num_blocks)}
            found.append(Variant("together", f"all blocks, alpha {alpha:g}", always(every)))
        return found

    def _controls(self, name: str, moved: Differences, directions: Tensor) -> list[Variant]:
        place = name.removeprefix("patched: ")
        block, alpha = place_of(place)
        draw = generator(0, "patch directions", block)
        size = alpha * directions[block].norm()
        found = {f"random: direction {n}": size * unit(torch.randn(directions.shape[1], generator=draw))
                 for n in range(1, self.chosen.num_random + 1)}  # fmt: skip
        other = (block + self.num_blocks // 2) % self.num_blocks
        found["other_block: half of the depth away"] = alpha * directions[other]
        if not moved.right.all():
            wrong = moved.mean(~moved.right)[block]
            found["wrong_rows: rows that the tuned model gets wrong"] = alpha * wrong
        return [
            Variant(kind, f"{player}, {place}", always({block: vector}))
            for (kind, player), vector in ((key.split(": "), one) for key, one in found.items())
        ]


def patch_name(block: int, alpha: float) -> str:
    """As tables call a place and a size."""
    return f"block {block}, alpha {alpha:g}"


def place_of(name: str) -> tuple[int, float]:
    """Block and alpha of a `patch_name`."""
    block, _, alpha = name.removeprefix("block ").partition(", alpha ")
    return int(block), float(alpha)


def unit(vector: Tensor) -> Tensor:
    """Of norm 1, float64."""
    return vector.double() / vector.double().norm()


def slope_table(replay: Replay, items: Items, positions: str, directions: Tensor) -> numpy.ndarray:
    """[item, block] derivatives of the score with respect to alpha at 0."""
    found = numpy.full((len(items.ids), len(directions)), numpy.nan)
    with replay.running(gradients=True):
        for batch in items.batches:
            found[batch.numbers] = slopes(replay, batch, positions, directions).numpy()
    return found


def lens_table(replay: Replay, items: Items) -> numpy.ndarray:
    """[item, block], the share of gold tokens that the base's head ranks first in a block's output."""
    found = numpy.full((len(items.ids), len(replay.blocks)), numpy.nan)
    with replay.running():
        for batch in items.batches:
            for block, passing in enumerate(layers(replay, batch, BASE)[1:]):
                said = logits(replay, batch, passing, BASE)
                found[batch.numbers, block] = accuracy(said, batch).cpu().numpy()
    return found


def _controls_apart(table: PushTable, best: tuple[str, str]) -> list[Quantity]:
    """Every control as its best variant is told: each item at the place of its half."""
    places = [name.removeprefix("patched: ") for name in best]
    kinds = [name.removesuffix(f", {places[0]}") for name in table.names if name.endswith(places[0])]
    found = []
    for control in kinds:
        kind, _, player = control.partition(": ")
        names = [f"{control}, {place}" for place in places]
        found += [quantity(score, kind, player, read_apart(table, names, score)) for score in SCORES]
    return found
