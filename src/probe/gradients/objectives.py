"""How unlike the pretraining and the tuning objective pull at each block before any training."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from src.metrics.catalog import METRICS, resolve
from src.metrics.shared.tensor_update import Parts, TensorUpdate, sums
from src.metrics.uncertainty.interval import NO_INTERVAL
from src.probe.collector import Collector, Side, Subject
from src.probe.gradients.weight_gradients import summed_gradients
from src.probe.table.layer_table import LayerRow
from src.probe.weights.block_updates import block_updates, by_kind
from src.probe.weights.kind_rows import Measured, kind_rows


class Objectives(Collector):
    """Needs `objectives`: `parts` is given both gradients of a tensor, `function` the three sums of parts."""

    reads = "own training"

    def of_base(self, names: Sequence[str], subject: Subject) -> list[LayerRow]:
        """Rows of the stage base; none where the model cannot have the objective of pretraining."""
        sides = subject.objectives()
        if sides is None:
            return []
        at_once = subject.metrics.gradient_blocks
        return objective_distance_rows(subject.model, subject.blocks, *sides, names, at_once)

    def rows(self, names: Sequence[str], before: list[LayerRow], subject: Subject) -> list[LayerRow]:
        """Those of the base."""
        return before


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
        names: of metrics that need both objectives.
        blocks_at_once: blocks whose gradients are held at a time.

    Raises:
        DataError: no rows. ModelError: a gradient is not finite.
    """
    updates = block_updates(model, blocks)
    measured: dict[str, list[dict[str, Measured]]] = {name: [] for name in names}
    for start in range(0, len(updates), blocks_at_once):
        some = updates[start : start + blocks_at_once]
        weights = {update.name for block in some for update in block}
        gradients = [
            summed_gradients(model, weights, side.batches(), side.loss) for side in (pretraining, tuning)
        ]
        for block in some:
            for name in names:
                kinds = {kind: _distance(name, part, *gradients) for kind, part in by_kind(block).items()}
                measured[name].append({kind: (value, NO_INTERVAL, None) for kind, value in kinds.items()})
    return [row for name in names for row in kind_rows(name, "base", measured[name])]


def _distance(
    name: str,
    weights: Sequence[TensorUpdate],
    first: Mapping[str, Tensor],
    second: Mapping[str, Tensor],
) -> float:
    of_tensor = resolve(METRICS[name].parts)
    parts: Parts = [part for weight in weights for part in of_tensor(*_pair(weight.name, first, second))]
    return resolve(METRICS[name].function)(*sums(parts, 3)).item()


def _pair(name: str, first: Mapping[str, Tensor], second: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
    """Both gradients of a weight; zeros where an objective does not reach it."""
    found = [side.get(name) for side in (first, second)]
    known = next((one for one in found if one is not None), torch.zeros(1))
    one, other = (torch.zeros_like(known) if side is None else side for side in found)
    return one, other
