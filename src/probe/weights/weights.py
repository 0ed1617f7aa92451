"""What the weights alone tell of training: rows for every block and every kind of tensor."""

import math
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext

from torch import Tensor, nn

from src.metrics.catalog import METRICS, Metric, resolve
from src.metrics.shared.tensor_update import Parts, TensorUpdate, sums
from src.metrics.uncertainty.interval import NO_INTERVAL
from src.probe.collector import Collector, Subject, Whole
from src.probe.table.layer_table import LayerRow
from src.probe.table.parallel import parallel_map
from src.probe.weights.block_updates import block_updates, by_kind
from src.probe.weights.kind_rows import Measured, kind_rows


class Weights(Collector):
    """Needs `weights` and `matrices`: every weight tensor of a block, before and after training.

    `parts` tells what one tensor adds. Of `weights`, `function` makes the number of the sums; of `matrices`,
    the parts are (value x weight, weight) of each matrix and the number is the weighted mean.
    """

    reads = "weights"
    keeps = "blocks"

    def rows(self, names: Sequence[str], before: None, subject: Subject) -> list[LayerRow]:
        """Rows of the stage change."""
        if not subject.compared:
            return []
        return update_rows(subject.model, subject.blocks, names, subject.originals, subject.whole)


def update_rows(
    model: nn.Module,
    blocks: Sequence[str],
    names: Sequence[str],
    initial: Mapping[str, Tensor] | None = None,
    whole: Whole | None = None,
) -> list[LayerRow]:
    """Rows of stage "change" for each metric: `name` for blocks, `name/kind` for kinds of tensors.

    Layer b + 1 is block b. No standard error and no n: the weights are known exactly. A number that is not
    defined (the rank of an update that is zero, a kind that a block has not) is missing.

    Args:
        model: the tuned model, or the model peft wraps around it.
        blocks: names of the blocks in the model that peft may wrap, first to last.
        names: of metrics that need weights or matrices.
        initial: base tensors of the weights that training changed in place.
        whole: makes the weights of one block whole and gives their base tensors in place of `initial`.

    Raises:
        ModelError: as `block_updates`.
    """
    measured: dict[str, list[dict[str, Measured]]] = {name: [] for name in names}
    for place, block in enumerate(blocks):
        there: AbstractContextManager[Mapping[str, Tensor] | None]
        there = whole(block) if whole else nullcontext(initial)
        with there as before:
            known = block in blocks[:place]  # the layers that share a block: it is told at the first of them
            updates = [] if known else block_updates(model, [block], before)[0]
            for name in names:
                metric = METRICS[name]
                found = _means(metric, updates) if metric.needs == "matrices" else _sums(metric, updates)
                measured[name].append({kind: (value, NO_INTERVAL, None) for kind, value in found.items()})
    return [row for name in names for row in kind_rows(name, "change", measured[name])]


def _sums(metric: Metric, updates: Sequence[TensorUpdate]) -> dict[str, float]:
    """The number of the sums of each kind; a tensor is read, not taken apart, with all threads."""
    found = _by_kind(updates, [resolve(metric.parts)(update) for update in updates])
    return {
        kind: resolve(metric.function)(*sums(parts, len(parts[0]))).item() for kind, parts in found.items()
    }


def _means(metric: Metric, updates: Sequence[TensorUpdate]) -> dict[str, float]:
    """Weighted mean over the matrices of each kind, each matrix measured once, several side by side."""
    found = _by_kind(updates, parallel_map(resolve(metric.parts), updates))
    return {kind: _mean(parts) for kind, parts in found.items()}


def _by_kind(updates: Sequence[TensorUpdate], parts: Sequence[Parts]) -> dict[str, Parts]:
    of_tensor = dict(zip((update.name for update in updates), parts, strict=True))
    return {
        kind: [part for update in some for part in of_tensor[update.name]]
        for kind, some in by_kind(updates).items()
    }


def _mean(parts: Parts) -> float:
    weighted, weight = sums(parts, 2)
    return (weighted / weight).item() if weight else math.nan
