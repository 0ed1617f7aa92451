"""Metrics of what the gradients of training rows have in common, at the base and at the tuned weights."""

from collections.abc import Mapping, Sequence
from functools import partial

import torch
from torch import Tensor, nn

from src.errors import DataError
from src.metrics.catalog import METRICS, resolve
from src.metrics.shared.factors import squared_norm
from src.metrics.uncertainty.interval import NO_INTERVAL
from src.probe.collector import Collector, Side, Subject
from src.probe.gradients.weight_gradients import backward, single_rows, weight_gradients
from src.probe.table.layer_table import LayerRow
from src.probe.weights.block_updates import block_updates, by_kind
from src.probe.weights.kind_rows import Measured, kind_rows


class MeanGradients(Collector):
    """Needs `mean_gradients`: `function` is given ||mean_i g_i||^2 and mean_i ||g_i||^2 of a block."""

    reads = "training rows"

    def of_base(self, names: Sequence[str], subject: Subject) -> list[LayerRow]:
        """Rows of the stage base."""
        if not subject.compared:
            return []
        return subject.kept("mean_gradients", names, partial(_rows_of, names, subject, "base"))

    def rows(self, names: Sequence[str], before: list[LayerRow], subject: Subject) -> list[LayerRow]:
        """Rows of base and tuned."""
        return [*before, *(_rows_of(names, subject, "tuned") if subject.compared else [])]


def _rows_of(names: Sequence[str], subject: Subject, stage: str) -> list[LayerRow]:
    at_once = subject.metrics.gradient_blocks
    return mean_gradient_rows(subject.model, subject.blocks, subject.training, names, stage, at_once)


def mean_gradient_rows(
    model: nn.Module,
    blocks: Sequence[str],
    side: Side,
    names: Sequence[str],
    stage: str,
    blocks_at_once: int = 1,
) -> list[LayerRow]:
    """Rows of one stage: `name` is a whole block, `name/kind` a kind of tensor in it; layer b + 1 is block b.

    All base weights of a block count, trained or not. n is the number of rows; no standard error. Memory is
    the gradients of `blocks_at_once` blocks; the rows pass once for every that many blocks.

    Args:
        model: the model as it answers now, or the model peft wraps around it.
        blocks: names of the blocks in the model that peft may wrap, first to last.
        side: training rows with labels, and the objective; each row's loss is its own.
        names: of metrics that need the mean of the gradients of rows.
        stage: base or tuned.
        blocks_at_once: blocks whose gradients are held at a time.

    Raises:
        ModelError: a gradient is not finite. DataError: no rows, or a row without a supervised token.
    """
    updates = block_updates(model, blocks)
    measured: dict[str, list[dict[str, Measured]]] = {name: [] for name in names}
    for start in range(0, len(updates), blocks_at_once):
        some = updates[start : start + blocks_at_once]
        found = _squares(model, {update.name for block in some for update in block}, side)
        for block in some:
            for name in names:
                kinds = {kind: [one.name for one in part] for kind, part in by_kind(block).items()}
                measured[name].append({kind: _number(name, part, *found) for kind, part in kinds.items()})
    return [row for name in names for row in kind_rows(name, stage, measured[name])]


def _squares(
    model: nn.Module, weights: set[str], side: Side
) -> tuple[Mapping[str, Tensor], Mapping[str, Tensor], int]:
    """By weight the sum of the rows' gradients and of their squared norms; the number of rows."""
    total: dict[str, Tensor] = {}
    squares: dict[str, Tensor] = {}

    def take(name: str, gradient: Tensor) -> None:
        squares[name] = squares.get(name, 0.0) + squared_norm(gradient)
        total[name] = total[name].add_(gradient) if name in total else gradient.float()

    num_rows = 0
    with weight_gradients(model, weights, take):
        for batch in side.batches():
            for row in single_rows(batch):
                backward(model, row, side.loss)
                num_rows += 1
    if not num_rows:
        raise DataError("gradients: given 0 rows; needed: at least 1")
    return total, squares, num_rows


def _number(
    name: str,
    weights: Sequence[str],
    total: Mapping[str, Tensor],
    squares: Mapping[str, Tensor],
    num_rows: int,
) -> Measured:
    zero = torch.zeros((), dtype=torch.float64)
    there = [weight for weight in weights if weight in total]
    of_mean = sum((squared_norm(total[weight]).cpu() for weight in there), zero) / num_rows**2
    mean = sum((squares[weight].cpu() for weight in there), zero) / num_rows
    return resolve(METRICS[name].function)(of_mean, mean).item(), NO_INTERVAL, num_rows
