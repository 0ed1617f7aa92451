"""Metrics of the output heads of two models on the same completions."""

from collections.abc import Callable, Sequence
from functools import partial

import torch
from torch import Tensor

from src.metrics.catalog import METRICS, names_needing, resolve
from src.probe.collector import Subject
from src.probe.lens.kept_lens import KeptLens
from src.probe.lens.lens_pass import (
    jackknife_rows,
    lens_rows,
    likeliest,
    read_positions,
    read_rows,
    reads_all,
)
from src.probe.lens.lens_rows import OfHeads, labelled_batches
from src.probe.lens.ridge_exits import exit_values
from src.probe.table.layer_table import LayerRow

Head = Callable[[Tensor], Tensor]
OF_HEADS = ("lens", "lens_pair", "lens_choices", "lens_exits", "lens_text")
"""Needs that a pair can have only where both models cut the rows alike."""


class BothLenses(OfHeads):
    """Needs `lens_pair`: `function` is given log probabilities of base and tuned model, and targets.

    `lens_choices`: the likeliest tokens of both at each position, and what each position weighs in its row.
    `lens_exits`: as `lens`, of states that a map fitted on other rows brought to layer L.
    """

    def of_base(self, names: Sequence[str], subject: Subject) -> KeptLens | None:
        """What the base holds, on disk."""
        return _keep(names, subject) if subject.compared else None

    def rows(self, names: Sequence[str], before: KeptLens | None, subject: Subject) -> list[LayerRow]:
        """Rows of the change, and of base and tuned behind a map."""
        if before is None:
            return []
        tuned, positions = _keep(names, subject), subject.metrics.lens_positions
        found: list[LayerRow] = []
        for suffix, heads in readings(before, tuned).items():
            of_pair = pair_values(names_needing(names, "lens_pair"), before, tuned, heads, positions)
            found += lens_rows({name + suffix: values for name, values in of_pair.items()}, "change")
            for name in names_needing(names, "lens_choices"):
                found += _choice_rows(name, suffix, before, tuned, heads, positions)
        if exits := names_needing(names, "lens_exits"):
            found += lens_rows(exit_values(exits, before, before, positions), "base")
            found += lens_rows(exit_values(exits, tuned, tuned, positions), "tuned")
            borrowed = exit_values(exits, tuned, before, positions)
            found += lens_rows({f"{name}/base_map": one for name, one in borrowed.items()}, "tuned")
        return found


def readings(base: KeptLens, tuned: KeptLens) -> dict[str, tuple[Head, Head]]:
    """Which head reads which model: each its own; and, where they differ, both the base's or the tuned's."""
    own: dict[str, tuple[Head, Head]] = {"": (base.read, tuned.read)}
    if base.reads_as(tuned):
        return own
    return own | {"/base_head": (base.read, base.read), "/tuned_head": (tuned.read, tuned.read)}


def pair_values(
    names: Sequence[str], base: KeptLens, tuned: KeptLens, heads: tuple[Head, Head], positions: str
) -> dict[str, Tensor]:
    """Values [layer, row] of metrics that need `lens_pair`, rows in the order of their batches.

    Args:
        names: of the metrics.
        base: what the base holds.
        tuned: what the tuned model holds at the same positions.
        heads: that reads the base, and that reads the tuned model.
        positions: "first" or "all", as `lens_pass`.
    """
    found: dict[str, list[Tensor]] = {name: [] for name in names}
    for one, other in zip(base.batches(), tuned.batches(), strict=True):
        sides = [(one.states, heads[0]), (other.states, heads[1])]
        for name, values in read_rows(names, sides, one, positions).items():
            found[name].append(values)
    return {name: torch.cat(values, dim=1) for name, values in found.items()}


def choices(
    base: KeptLens, tuned: KeptLens, heads: tuple[Head, Head], positions: str
) -> tuple[Tensor, Tensor, Tensor]:
    """Likeliest tokens of base and tuned [layer, position] each, and the row of every position."""
    found: list[list[Tensor]] = [[], []]
    rows: list[Tensor] = []
    start = 0
    for batch, other in zip(base.batches(), tuned.batches(), strict=True):
        chosen = batch.first if positions == "first" else torch.ones_like(batch.first)
        for place, (side, head) in enumerate(zip((batch, other), heads, strict=True)):
            shown = [(side.states[:, chosen], head)]
            found[place].append(read_positions({"": likeliest}, shown, batch.targets[chosen])[""].long())
        rows.append(batch.rows[chosen] + start)
        start += batch.num_rows
    return torch.cat(found[0], dim=1), torch.cat(found[1], dim=1), torch.cat(rows)


def _choice_rows(
    name: str, suffix: str, base: KeptLens, tuned: KeptLens, heads: tuple[Head, Head], positions: str
) -> list[LayerRow]:
    one, other, rows = choices(base, tuned, heads, positions)
    counts = rows.bincount().double()
    function: Callable[..., Tensor] = resolve(METRICS[name].function)
    weights = 1 / counts[rows]

    def of_kept(layer: int, kept: Tensor) -> float:
        there = torch.isin(rows, kept)
        return function(one[layer, there], other[layer, there], weights[there]).item()

    statistics = [partial(of_kept, layer) for layer in range(len(one))]
    return jackknife_rows(name + suffix, "change", statistics, len(counts), len(one) - 1)


def _keep(names: Sequence[str], subject: Subject) -> KeptLens:
    """All completion positions where a map is fitted on them, else as many as are read."""
    batches = labelled_batches(subject.probe, subject, "completion")
    every = bool(names_needing(names, "lens_exits")) or reads_all(names, subject.metrics.lens_positions)
    return KeptLens(subject.model, subject.blocks, batches, not every, subject.store.folder)
