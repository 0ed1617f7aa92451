"""How large the gradient of each block was while training went on."""

import math
from collections.abc import Callable, Sequence
from statistics import fmean
from typing import Any

import torch
from torch import Tensor, nn

from src.metrics.catalog import METRICS, names_needing, resolve
from src.metrics.uncertainty.interval import NO_INTERVAL
from src.model.trunk import block_modules
from src.probe.collector import Collector, Subject
from src.probe.table.layer_table import LayerRow
from src.probe.weights.kind_rows import BLOCK, kind_rows
from src.probe.weights.tensor_kinds import tensor_kind
from src.runtime.dtensor import whole

PART = 0.1  # of the steps: what counts as the start and as the end
_BLOCKS, _KINDS = "block_gradient_norms", "kind_gradient_norms"  # in the step log
_TENSORS = "mean_tensor_gradient_norms"

BlockNorms = list[float | None]
"""One number a block; None where nothing in the block trains."""
KindNorms = list[dict[str, float]]
"""For each block the norm of each kind of tensor that trains in it."""


def block_gradient_norms(model: nn.Module, blocks: Sequence[str]) -> BlockNorms:
    """L2 norm of the gradient that each block holds now: all its parameters that have one, adapters too.

    Call it after the backward pass and before clipping. The unit is that of the loss over that of a weight.
    None for a block without any gradient. One transfer from the device for all blocks.

    Args:
        model: a model, or one that peft wraps.
        blocks: names of the blocks in the model that peft may wrap, first to last.
    """
    gradients = [
        [weight.grad for weight in block.parameters() if weight.grad is not None]
        for block in _each_once(model, blocks)
    ]
    norms = iter(_norms([some for some in gradients if some]))
    return [next(norms) if some else None for some in gradients]


def kind_gradient_norms(model: nn.Module, blocks: Sequence[str]) -> KindNorms:
    """The same for each kind of tensor in a block; LoRA factors count under the kind of their layer."""
    parts: list[tuple[int, str, list[Tensor]]] = []
    for index, block in enumerate(_each_once(model, blocks)):
        kinds: dict[str, list[Tensor]] = {}
        for name, weight in block.named_parameters():
            if weight.grad is not None:
                kinds.setdefault(tensor_kind(block, name), []).append(weight.grad)
        parts += [(index, kind, gradients) for kind, gradients in kinds.items()]
    norms: KindNorms = [{} for _ in blocks]
    numbers = _norms([gradients for _, _, gradients in parts])
    for (index, kind, _), number in zip(parts, numbers, strict=True):
        norms[index][kind] = number
    return norms


def mean_tensor_gradient_norms(model: nn.Module, blocks: Sequence[str]) -> BlockNorms:
    """As `block_gradient_norms`, but the mean over the block's tensors of the norm of each."""
    found: BlockNorms = []
    for block in _each_once(model, blocks):
        norms = _norms([[weight.grad] for weight in block.parameters() if weight.grad is not None])
        found.append(fmean(norms) if norms else None)
    return found


def _each_once(model: nn.Module, blocks: Sequence[str]) -> list[nn.Module]:
    """The blocks; an empty module where one that several layers share stands again."""
    modules = block_modules(model, blocks)
    return [one if one not in modules[:place] else nn.Module() for place, one in enumerate(modules)]


def step_measurement(
    model: nn.Module, blocks: Sequence[str], names: Sequence[str]
) -> Callable[[], dict[str, Any]]:
    """What to add to the step log: the gradient norms of each block, if a metric asks for them."""
    measured: dict[str, Callable[[nn.Module, Sequence[str]], Any]] = {}
    if names_needing(names, "step_gradients"):
        measured |= {_BLOCKS: block_gradient_norms, _KINDS: kind_gradient_norms}
    if names_needing(names, "tensor_gradients"):
        measured[_TENSORS] = mean_tensor_gradient_norms
    return lambda: {key: function(model, blocks) for key, function in measured.items()}


class StepGradients(Collector):
    """Needs `step_gradients`: `function` is given the gradient norm of a block, or a kind, at each step.

    Needs `tensor_gradients`: it is given the mean of the norms of the block's tensors at each step.
    """

    reads = "own training"

    def rows(self, names: Sequence[str], before: None, subject: Subject) -> list[LayerRow]:
        """Rows of the stage change."""
        if not subject.compared:
            return []
        rows: list[LayerRow] = []
        for need, keys in {"step_gradients": (_BLOCKS, _KINDS), "tensor_gradients": (_TENSORS,)}.items():
            if own := names_needing(names, need):
                rows += step_gradient_rows(own, *([step[key] for step in subject.steps] for key in keys))
        return rows


def step_gradient_rows(
    names: Sequence[str], steps: Sequence[BlockNorms], kinds: Sequence[KindNorms] = ()
) -> list[LayerRow]:
    """Rows `name`, `name/start`, `name/end` (the first and last tenth of the steps) and `name/kind`.

    No rows without steps; a start and an end have a step at least. n is the number of steps.

    Args:
        names: of metrics that need the gradients of steps.
        steps: for each step the norms of the blocks, as `block_gradient_norms` gives them.
        kinds: for each step what `kind_gradient_norms` gave; a kind is told for all steps only.
    """
    part = max(round(PART * len(steps)), 1)
    series = {"": steps, "/start": steps[:part], "/end": steps[-part:]} if steps else {}
    rows: list[LayerRow] = []
    for name in names:
        function = resolve(METRICS[name].function)
        for suffix, some in series.items():
            blocks = zip(*some, strict=True)
            per_block = [[math.nan if norm is None else norm for norm in norms] for norms in blocks]
            rows += _rows(name + suffix, function, [{BLOCK: norms} for norms in per_block])
        per_kind = [
            {kind: [step[kind] for step in norms] for kind in norms[0]}
            for norms in zip(*kinds, strict=True)  # of one block at every step, where the same kinds train
        ]
        rows += _rows(name, function, per_kind)
    return rows


def _rows(
    series: str, function: Callable[[list[float]], float], norms: Sequence[dict[str, list[float]]]
) -> list[LayerRow]:
    measured = [
        {kind: (function(values), NO_INTERVAL, len(values)) for kind, values in block.items()}
        for block in norms
    ]
    return kind_rows(series, "change", measured)


def _norms(groups: Sequence[Sequence[Tensor]]) -> list[float]:
    """The L2 norm of each group of gradients; one transfer from the device for all of them."""
    norms = [whole(nn.utils.get_total_norm(group)).float() for group in groups]
    return torch.stack(norms or [torch.zeros(())]).tolist()[: len(norms)]
