"""How unlike the pretraining and the tuning objective pull at each block before any training."""

from collections.abc import Callable, Iterable, Mapping, Sequence

import torch
from torch import Tensor, nn

from src.metrics.optimization.gradient_distance import (
    nuclear_of_product,
    objective_cosine_distance,
    objective_procrustes_distance,
)
from src.metrics.optimization.weight_change import squared_norm
from src.probe.gradients.at_weights import summed_gradients
from src.probe.gradients.weight_gradients import Batch, Loss
from src.probe.table.layer_table import LayerRow
from src.probe.weights.block_updates import TensorUpdate, as_matrices, block_updates
from src.probe.weights.kind_rows import NO_INTERVAL, Measured, kind_rows
from src.probe.weights.updates import by_kind

Side = tuple[Callable[[], Iterable[Batch]], Loss]
"""Makes the batches of an objective anew, and its loss."""


def objective_distance_rows(
    model: nn.Module,
    blocks: Sequence[str],
    pretraining: Side,
    tuning: Side,
    names: Sequence[str],
    blocks_at_once: int = 1,
) -> list[LayerRow]:
    """Rows, stage base, of the distances between two objectives' gradients at the weights as they are.

    `name` is a whole block, `name/kind` a kind of tensor in it; layer b + 1 is block b. All base weights of a
    block count, trained or not. The model runs in evaluation mode and is afterwards as it was. Memory is the
    gradients of `blocks_at_once` blocks, twice; the rows pass once for every that many blocks.

    Args:
        model: the base model, or the model peft wraps around it with its adapters off.
        blocks: names of the blocks in the model that peft may wrap, first to last.
        pretraining: one objective on some rows.
        tuning: another objective on the same rows.
        names: of objective_cosine_distance, objective_procrustes_distance.
        blocks_at_once: blocks whose gradients are held at a time.

    Raises:
        DataError: no rows. ModelError: a gradient is not finite.
    """
    updates = block_updates(model, blocks)
    measured: dict[str, list[dict[str, Measured]]] = {name: [] for name in names}
    for start in range(0, len(updates), blocks_at_once):
        some = updates[start : start + blocks_at_once]
        weights = {update.name for block in some for update in block}
        sides = [summed_gradients(model, weights, batches(), loss) for batches, loss in (pretraining, tuning)]
        for block in some:
            for name in names:
                distance = _DISTANCES[name]
                kinds = {kind: distance(part, *sides) for kind, part in by_kind(block).items()}
                measured[name].append({kind: (value, NO_INTERVAL, None) for kind, value in kinds.items()})
    return [row for name in names for row in kind_rows(name, "base", measured[name])]


def _cosine(
    weights: Sequence[TensorUpdate], first: Mapping[str, Tensor], second: Mapping[str, Tensor]
) -> float:
    pairs = [_pair(weight.name, first, second) for weight in weights]
    return objective_cosine_distance(*_sums([(*pair, _inner(*pair)) for pair in pairs])).item()


def _procrustes(
    weights: Sequence[TensorUpdate], first: Mapping[str, Tensor], second: Mapping[str, Tensor]
) -> float:
    pairs = [
        matrices
        for weight in weights
        for matrices in zip(*(as_matrices(one) for one in _pair(weight.name, first, second)), strict=True)
    ]
    return objective_procrustes_distance(
        *_sums([(*pair, nuclear_of_product(*pair)) for pair in pairs])
    ).item()


def _pair(name: str, first: Mapping[str, Tensor], second: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
    """Both gradients of a weight; zeros where an objective does not reach it."""
    found = [side.get(name) for side in (first, second)]
    known = next((one for one in found if one is not None), torch.zeros(1))
    return tuple(torch.zeros_like(known) if one is None else one for one in found)


def _sums(parts: Sequence[tuple[Tensor, Tensor, Tensor]]) -> tuple[Tensor, Tensor, Tensor]:
    """(sum of third members, squared norms of all first, of all second members)."""
    zero = torch.zeros((), dtype=torch.float64)
    products = sum((product.cpu() for _, _, product in parts), zero)
    squares = [sum((squared_norm(part[side]).cpu() for part in parts), zero) for side in (0, 1)]
    return products, squares[0], squares[1]


def _inner(first: Tensor, second: Tensor) -> Tensor:
    return (first.double() * second.double()).sum()


_DISTANCES = {"objective_cosine_distance": _cosine, "objective_procrustes_distance": _procrustes}
