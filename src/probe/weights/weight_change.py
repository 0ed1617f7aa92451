"""How far training moved the weights of every block."""

from collections.abc import Iterable, Mapping, Sequence

import torch
from torch import Tensor, nn

from src.metrics.optimization.weight_change import relative_change, squared_norm
from src.probe.weights.block_updates import TensorUpdate, block_updates


def weight_change(
    model: nn.Module, blocks: Sequence[str], initial: Mapping[str, Tensor] | None = None
) -> list[float]:
    """Relative change of each block: sqrt(sum_t ||dW_t||_F^2) / sqrt(sum_t ||W_t||_F^2), no unit.

    t runs over all weight tensors of the block (norms and biases too), W_t is the base weight; for a kind,
    over the tensors of that kind. LoRA updates are measured from their factors, unmerged. Range from 0, no
    unit. A block that was not trained changed by exactly 0. Invariant under a common scaling of weights and
    updates. NaN for a block whose base weights are all zero. Source: Zhao et al. 2026 (arXiv 2604.11838:
    Frobenius distance by layer; no code and no normalisation is published, this one is ours).

    Args:
        model: the tuned model, or the model peft wraps around it; adapters count whether on or off.
        blocks: names of the blocks in the model that peft may wrap, first to last.
        initial: base tensor of each weight that training changed in place, by its name in
            `named_parameters()`; None where the weights themselves were not trained.

    Raises:
        ModelError: as `block_updates`.
    """
    return [change_of(updates) for updates in block_updates(model, blocks, initial)]


def change_of(updates: Iterable[TensorUpdate]) -> float:
    """`weight_change` of these tensors together; NaN without any."""
    update = torch.zeros((), dtype=torch.float64)
    base = torch.zeros((), dtype=torch.float64)
    for one in updates:
        update += one.squared_update()
        base += squared_norm(one.base).cpu()
    return relative_change(update, base).item()
