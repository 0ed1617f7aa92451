"""Metrics of the update beside the gradient at the base weights."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager

import torch
from torch import Tensor, nn

from src.metrics.catalog import METRICS, resolve
from src.metrics.shared.factors import inner, inner_with_product, squared_norm
from src.metrics.shared.tensor_update import Parts, TensorUpdate, sums
from src.metrics.uncertainty.interval import NO_INTERVAL
from src.probe.collector import Collector, Side, Subject
from src.probe.gradients.weight_gradients import summed_gradients
from src.probe.table.layer_table import LayerRow
from src.probe.weights.block_updates import block_updates, by_kind
from src.probe.weights.kind_rows import Measured, kind_rows


class UpdateGradients(Collector):
    """Needs `update_gradients`: `function` is given <dW, G>, ||dW||^2, ||G||^2, summed over trained ones.

    G is the gradient at the base weights, summed over the training rows: its scale has no meaning.
    """

    reads = "training rows"
    keeps = "model"

    def rows(self, names: Sequence[str], before: None, subject: Subject) -> list[LayerRow]:
        """Rows of the stage change."""
        if not subject.compared:
            return []
        return update_gradient_rows(
            subject.model,
            subject.blocks,
            subject.training,
            names,
            subject.at_base,
            subject.originals,
            subject.metrics.gradient_blocks,
        )


def update_gradient_rows(
    model: nn.Module,
    blocks: Sequence[str],
    side: Side,
    names: Sequence[str],
    at_base: Callable[[], AbstractContextManager[object]],
    initial: Mapping[str, Tensor] | None = None,
    blocks_at_once: int = 1,
) -> list[LayerRow]:
    """Rows of stage change: `name` is a whole block, `name/kind` a kind of tensor; layer b + 1 is block b.

    The model runs in evaluation mode; modes, frozen weights and gradients are afterwards as they were.

    Args:
        model: the tuned model, or the model peft wraps around it.
        blocks: names of the blocks in the model that peft may wrap, first to last.
        side: training rows with labels, and the objective.
        names: of metrics that need the update beside the gradient.
        at_base: makes a context in which the model answers as the base.
        initial: base tensors of the weights that training changed in place.
        blocks_at_once: blocks whose gradients are held at a time. The rows pass once for every that many
            blocks: more is faster and takes the memory of that many blocks.

    Raises:
        ModelError: as `block_updates`, or a gradient is not finite.
        DataError: no rows, or a row without a supervised token.
    """
    updates = block_updates(model, blocks, initial)  # before the weights are exchanged
    functions = {name: resolve(METRICS[name].function) for name in names}
    measured: dict[str, list[dict[str, Measured]]] = {name: [] for name in names}
    with at_base():
        for start in range(0, len(updates), blocks_at_once):
            some = updates[start : start + blocks_at_once]
            trained = {update.name for block in some for update in block if update.trained}
            total = summed_gradients(model, trained, side.batches(), side.loss) if trained else {}
            for block in some:
                found = {kind: sums(_parts(part, total), 3) for kind, part in by_kind(block).items()}
                for name, function in functions.items():
                    values = {kind: function(*three).item() for kind, three in found.items()}
                    measured[name].append(
                        {kind: (value, NO_INTERVAL, None) for kind, value in values.items()}
                    )
    return [row for name in names for row in kind_rows(name, "change", measured[name])]


def _parts(updates: Sequence[TensorUpdate], gradients: Mapping[str, Tensor]) -> Parts:
    zero = torch.zeros((), dtype=torch.float64)
    return [
        (_inner(one, gradients[one.name]), one.squared_update(), squared_norm(gradients[one.name]))
        if one.name in gradients
        else (zero, one.squared_update(), zero)
        for one in updates
    ]


def _inner(update: TensorUpdate, gradient: Tensor) -> Tensor:
    if update.factors is not None:
        return inner_with_product(*update.factors, gradient)
    if (difference := update.difference) is not None:
        return inner(difference, gradient)
    return torch.zeros((), dtype=torch.float64)
