"""Metrics of the gradient of each training row, at the base weights and at the tuned ones."""

from collections.abc import Sequence
from functools import partial

import torch
from torch import Tensor, nn

from src.errors import DataError
from src.metrics.catalog import METRICS, resolve
from src.metrics.uncertainty.interval import mean_interval
from src.probe.collector import Collector, Side, Subject
from src.probe.gradients.weight_gradients import backward, single_rows, weight_gradients
from src.probe.table.layer_table import LayerRow
from src.probe.weights.block_updates import block_updates, by_kind
from src.probe.weights.kind_rows import Measured, kind_rows


class RowGradients(Collector):
    """Needs `row_gradients`: `function` is given a row's gradient of a tensor; the row has their sum."""

    reads = "training rows"

    def of_base(self, names: Sequence[str], subject: Subject) -> list[LayerRow]:
        """Rows of the stage base."""
        if not subject.compared:
            return []
        look = partial(row_gradient_rows, subject.model, subject.blocks, subject.training, names, "base")
        return subject.kept("row_gradients", names, look)

    def rows(self, names: Sequence[str], before: list[LayerRow], subject: Subject) -> list[LayerRow]:
        """Rows of base and tuned."""
        if not subject.compared:
            return []
        return [*before, *row_gradient_rows(subject.model, subject.blocks, subject.training, names, "tuned")]


def row_gradient_rows(
    model: nn.Module, blocks: Sequence[str], side: Side, names: Sequence[str], stage: str
) -> list[LayerRow]:
    """Rows of one stage: mean over training rows, with its interval.

    `name` is a whole block, `name/kind` a kind of tensor in it; layer b + 1 is block b. All base weights of
    a block count, trained or not. One row at a time; a gradient is gone once it was looked at, so memory is
    one tensor's. The model runs in evaluation mode; modes, frozen weights and gradients are afterwards as
    they were.

    Args:
        model: the model as it answers now, or the model peft wraps around it.
        blocks: names of the blocks in the model that peft may wrap, first to last.
        side: training rows with labels, and the objective.
        names: of metrics that need the gradients of rows.
        stage: base or tuned.

    Raises:
        ModelError: a gradient is not finite. DataError: no rows, or a row without a supervised token.
    """
    updates = block_updates(model, blocks)
    weights = {update.name for block in updates for update in block}
    functions = {name: resolve(METRICS[name].function) for name in names}
    found: dict[str, list[dict[str, float]]] = {name: [] for name in names}

    def take(weight: str, gradient: Tensor) -> None:
        for name, function in functions.items():
            numbers = found[name][-1]
            numbers[weight] = numbers.get(weight, 0.0) + function(gradient).item()

    with weight_gradients(model, weights, take):
        for batch in side.batches():
            for row in single_rows(batch):
                for rows in found.values():
                    rows.append({})
                backward(model, row, side.loss)
    table: list[LayerRow] = []
    for name, rows in found.items():
        if not rows:
            raise DataError(f"metric {name}: given 0 rows; needed: at least 1 (stage {stage})")
        measured = [
            {kind: _mean([update.name for update in some], rows) for kind, some in by_kind(block).items()}
            for block in updates
        ]
        table += kind_rows(name, stage, measured)
    return table


def _mean(weights: Sequence[str], rows: Sequence[dict[str, float]]) -> Measured:
    sums = [sum(row.get(weight, 0.0) for weight in weights) for row in rows]
    values = torch.tensor(sums, dtype=torch.float64)
    return values.mean().item(), mean_interval(values), len(values)
