"""Leaving a model early through a ridge map, fitted on half of the rows and read on the other half."""

from collections.abc import Sequence

import torch
from torch import Tensor

from src.metrics.lens.ridge_exit import ridge_map, with_constant
from src.probe.lens.kept_lens import KeptLens
from src.probe.lens.lens_batches import LensBatch
from src.probe.lens.lens_pass import read_rows

FOLDS = 2


def exit_values(names: Sequence[str], read: KeptLens, fitted: KeptLens, positions: str) -> dict[str, Tensor]:
    """Values [layer, row] of metrics behind the map of each layer, rows in the order of their batches.

    Maps are fitted on the completion positions of every second row, all of them, and read on the other rows;
    so all rows are read. One layer at a time: memory is two Gram matrices of the width, whatever the rows.

    Args:
        names: metrics that need `lens_exits`.
        read: the model whose states and head are read.
        fitted: the model whose maps they go through, on the same rows.
        positions: "first" or "all", as `lens_pass`; of what is read.
    """
    found: dict[str, list[Tensor]] = {name: [] for name in names}
    num_layers = len(next(fitted.batches()).states)
    for layer in range(num_layers):
        maps = fold_maps(fitted, layer)
        of_layer: dict[str, list[Tensor]] = {name: [] for name in names}
        start = 0
        for batch in read.batches():
            mapped = _mapped(batch, layer, maps, start).to(batch.states.dtype)
            alone = LensBatch(mapped[None], batch.rows, batch.targets, batch.num_rows)
            for name, values in read_rows(names, [(alone.states, read.read)], alone, positions).items():
                of_layer[name].append(values)
            start += batch.num_rows
        for name, parts in of_layer.items():
            found[name].append(torch.cat(parts, dim=1))
    return {name: torch.cat(values) for name, values in found.items()}


def fold_maps(kept: KeptLens, layer: int) -> list[Tensor]:
    """The maps [width + 1, width] from a layer to the last one that read fold 0 and fold 1: of other rows."""
    sums: list[tuple[Tensor, Tensor]] = []
    start = 0
    for batch in kept.batches():
        fold = (batch.rows + start) % FOLDS
        for place in range(FOLDS):
            inside = fold != place
            x, y = with_constant(batch.states[layer, inside]), batch.states[-1, inside].double()
            gram, cross = x.T @ x, x.T @ y
            if len(sums) <= place:
                sums.append((gram, cross))
            else:
                sums[place] = (sums[place][0] + gram, sums[place][1] + cross)
        start += batch.num_rows
    return [ridge_map(gram, cross) for gram, cross in sums]


def _mapped(batch: LensBatch, layer: int, maps: Sequence[Tensor], start: int) -> Tensor:
    """The states of one layer [position, width], each by the map of its fold."""
    fold = (batch.rows + start) % FOLDS
    x = with_constant(batch.states[layer])
    found = torch.stack([x @ one for one in maps])
    return found[fold, torch.arange(len(fold))]
