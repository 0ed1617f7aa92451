"""What the weights alone tell of training: rows for every block and every kind of tensor."""

import math
from collections.abc import Callable, Mapping, Sequence

from torch import Tensor, nn

from src.metrics.optimization.singular_rotation import singular_rotation, singular_rotation_of_factors
from src.metrics.optimization.update_rank import update_effective_rank, update_stable_rank
from src.metrics.shared.shapes import Scalar
from src.probe.table.layer_table import LayerRow
from src.probe.table.parallel import parallel_map
from src.probe.weights.block_updates import TensorUpdate, as_matrices, block_updates
from src.probe.weights.kind_rows import BLOCK, NO_INTERVAL, kind_rows
from src.probe.weights.weight_change import change_of

Part = tuple[float, float]
"""The value of one matrix, and its weight in the mean."""


def update_rows(
    model: nn.Module,
    blocks: Sequence[str],
    names: Sequence[str],
    initial: Mapping[str, Tensor] | None = None,
) -> list[LayerRow]:
    """Rows of stage "change" for each metric: `name` for blocks, `name/kind` for kinds of tensors.

    Layer b + 1 is block b. No standard error and no n: the weights are known exactly. A number that is not
    defined (the rank of an update that is zero, a kind that a block has not) is missing.

    Args:
        model: the tuned model, or the model peft wraps around it.
        blocks: names of the blocks in the model that peft may wrap, first to last.
        names: of weight_change, update_effective_rank, update_stable_rank, singular_rotation.
        initial: base tensors of the weights that training changed in place.

    Raises:
        ModelError: as `block_updates`.
    """
    updates = block_updates(model, blocks, initial)
    rows = []
    for name in names:
        per_block = [_changes(block) if name == "weight_change" else _means(name, block) for block in updates]
        measured = [{kind: (value, NO_INTERVAL, None) for kind, value in one.items()} for one in per_block]
        rows.extend(kind_rows(name, "change", measured))
    return rows


def by_kind(updates: Sequence[TensorUpdate]) -> dict[str, list[TensorUpdate]]:
    """The tensors of a block under their kind, and all of them under BLOCK."""
    kinds = {BLOCK: list(updates)}
    for update in updates:
        kinds.setdefault(update.kind, []).append(update)
    return kinds


def _changes(updates: Sequence[TensorUpdate]) -> dict[str, float]:
    return {kind: change_of(some) for kind, some in by_kind(updates).items()}


def _means(name: str, updates: Sequence[TensorUpdate]) -> dict[str, float]:
    """Weighted mean over the matrices of each kind, each matrix measured once."""
    measure = _PARTS[name]
    parts = dict(zip((update.name for update in updates), parallel_map(measure, updates), strict=True))
    return {
        kind: _mean([part for update in some for part in parts[update.name]])
        for kind, some in by_kind(updates).items()
    }


def _mean(parts: Sequence[Part]) -> float:
    total = sum(weight for _, weight in parts)
    return sum(value * weight for value, weight in parts if weight) / total if total else math.nan


def _ranks(rank: Callable[[Tensor], Scalar]) -> Callable[[TensorUpdate], list[Part]]:
    def parts(update: TensorUpdate) -> list[Part]:
        return [(rank(values).item(), values.square().sum().item()) for values in update.spectra]

    return parts


def _rotations(update: TensorUpdate) -> list[Part]:
    bases = as_matrices(update.base)
    if update.factors is not None:
        return [(singular_rotation_of_factors(bases[0], *update.factors).item(), 1.0)]
    if update.tuned is None:
        return [(0.0, 1.0) for _ in bases]
    pairs = zip(bases, as_matrices(update.tuned), strict=True)
    return [(singular_rotation(base.to(tuned.device), tuned).item(), 1.0) for base, tuned in pairs]


_PARTS: dict[str, Callable[[TensorUpdate], list[Part]]] = {
    "update_effective_rank": _ranks(update_effective_rank),
    "update_stable_rank": _ranks(update_stable_rank),
    "singular_rotation": _rotations,
}
