"""Gradients at the base weights and at the tuned ones: Fisher trace, and the update against the gradient."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager

import torch
from torch import Tensor, nn

from src.errors import DataError
from src.metrics.optimization.update_gradient_cosine import inner_with_product, update_gradient_cosine
from src.metrics.optimization.weight_change import squared_norm
from src.metrics.uncertainty.interval import mean_interval
from src.probe.gradients.weight_gradients import Batch, Loss, backward, single_rows, weight_gradients
from src.probe.table.layer_table import LayerRow
from src.probe.weights.block_updates import TensorUpdate, block_updates
from src.probe.weights.kind_rows import NO_INTERVAL, Measured, kind_rows
from src.probe.weights.updates import by_kind


def gradient_rows(
    model: nn.Module,
    blocks: Sequence[str],
    batches: Callable[[], Iterable[Batch]],
    loss: Loss,
    names: Sequence[str],
    base_context: Callable[[], AbstractContextManager[object]],
    initial: Mapping[str, Tensor] | None = None,
    blocks_at_once: int = 1,
) -> list[LayerRow]:
    """Rows of `fisher_trace` (stages base and tuned) and `update_gradient_cosine` (stage change).

    `name` is a whole block, `name/kind` a kind of tensor in it; layer b + 1 is block b. The model runs in
    evaluation mode; modes, frozen weights and gradients are afterwards as they were.

    Args:
        model: the tuned model, or the model peft wraps around it.
        blocks: names of the blocks in the model that peft may wrap, first to last.
        batches: makes the batches of training rows anew, with labels.
        loss: the objective.
        names: of fisher_trace, update_gradient_cosine.
        base_context: makes a context in which the model answers as the base.
        initial: base tensors of the weights that training changed in place.
        blocks_at_once: blocks whose gradients are held at a time for the cosine. The rows pass once for
            every that many blocks: more is faster and takes the memory of that many blocks.

    Raises:
        ModelError: as `block_updates`, or a gradient is not finite.
        DataError: no rows, or a row without a supervised token.
    """
    updates = block_updates(model, blocks, initial)  # before the weights are exchanged
    rows = []
    for name in names:
        if name == "fisher_trace":
            with base_context():
                rows += fisher_trace(model, updates, batches(), loss, "base")
            rows += fisher_trace(model, updates, batches(), loss, "tuned")
        else:
            with base_context():
                rows += _cosine_rows(model, updates, batches, loss, blocks_at_once)
    return rows


def fisher_trace(
    model: nn.Module,
    updates: Sequence[Sequence[TensorUpdate]],
    batches: Iterable[Batch],
    loss: Loss,
    stage: str,
) -> list[LayerRow]:
    """Trace of the empirical Fisher matrix: mean over rows of ||gradient of the row's loss||^2.

    The row's loss is its summed cross-entropy in nats, minus the log probability of its supervised tokens,
    so long rows weigh more. It runs over all base weights of the block (of a kind), trained or not, at the
    weights the model has now. Range from 0, nats^2 over the squared unit of a weight. It changes where
    weights are rescaled, so it is compared between stages and runs of one model. The error is s / sqrt(n)
    over rows. One row at a time; a gradient is gone once it was squared, so memory is one tensor's.
    DataError without rows. Invariant under the order of rows and a rotation of weights. Source: Kunstner,
    Hennig and Balles 2019 (empirical Fisher).
    """
    weights = {update.name for block in updates for update in block}
    squares: list[dict[str, float]] = []

    def take(name: str, gradient: Tensor) -> None:
        squares[-1][name] = squares[-1].get(name, 0.0) + squared_norm(gradient).item()

    with weight_gradients(model, weights, take):
        for batch in batches:
            for row in single_rows(batch):
                squares.append({})
                backward(model, row, loss)
    if not squares:
        raise DataError(f"metric fisher_trace: given 0 rows; needed: at least 1 (stage {stage})")
    measured = [
        {kind: _mean([update.name for update in some], squares) for kind, some in by_kind(block).items()}
        for block in updates
    ]
    return kind_rows("fisher_trace", stage, measured)


def _cosine_rows(
    model: nn.Module,
    updates: Sequence[Sequence[TensorUpdate]],
    batches: Callable[[], Iterable[Batch]],
    loss: Loss,
    blocks_at_once: int,
) -> list[LayerRow]:
    measured: list[dict[str, Measured]] = []
    for start in range(0, len(updates), blocks_at_once):
        some = updates[start : start + blocks_at_once]
        trained = {update.name for block in some for update in block if update.trained}
        total = summed_gradients(model, trained, batches(), loss) if trained else {}
        measured += [
            {kind: (_cosine(part, total), NO_INTERVAL, None) for kind, part in by_kind(block).items()}
            for block in some
        ]
    return kind_rows("update_gradient_cosine", "change", measured)


def summed_gradients(
    model: nn.Module, weights: set[str], batches: Iterable[Batch], loss: Loss
) -> dict[str, Tensor]:
    """Gradient of the loss summed over all batches, by name; the scale does not matter to a cosine."""
    total: dict[str, Tensor] = {}

    def take(name: str, gradient: Tensor) -> None:
        total[name] = total[name].add_(gradient) if name in total else gradient.float()

    num_batches = 0
    with weight_gradients(model, weights, take):
        for batch in batches:
            backward(model, batch, loss)
            num_batches += 1
    if not num_batches:
        raise DataError("gradients: given 0 rows; needed: at least 1")
    return total


def _cosine(updates: Sequence[TensorUpdate], gradients: Mapping[str, Tensor]) -> float:
    inner, update, gradient = (torch.zeros((), dtype=torch.float64) for _ in range(3))
    for one in updates:
        if one.name in gradients:
            found = gradients[one.name]
            inner += _inner(one, found).cpu()
            gradient += squared_norm(found).cpu()
        update += one.squared_update()
    return update_gradient_cosine(inner, update, gradient).item()


def _inner(update: TensorUpdate, gradient: Tensor) -> Tensor:
    if update.factors is not None:
        return inner_with_product(*update.factors, gradient)
    return (update.difference.double() * gradient.double()).sum()


def _mean(names: Sequence[str], squares: Sequence[Mapping[str, float]]) -> Measured:
    values = torch.tensor([sum(row.get(name, 0.0) for name in names) for row in squares], dtype=torch.float64)
    return values.mean().item(), mean_interval(values), len(values)
