"""How far training moved the weights of every block."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from src.errors import ModelError
from src.metrics.weight_change import relative_change, squared_norm, squared_norm_of_product
from src.probe.trunk import base_of, block_modules


def weight_change(
    model: nn.Module, blocks: Sequence[str], initial: Mapping[str, Tensor] | None = None
) -> list[float]:
    """Relative change of each block: sqrt(sum_t ||dW_t||_F^2) / sqrt(sum_t ||W_t||_F^2), no unit.

    t runs over all weight tensors of the block (norms and biases too), W_t is the base weight. LoRA updates
    are measured from their factors, unmerged. A block that was not trained changed by exactly 0. NaN for a
    block whose base weights are all zero.

    Args:
        model: the tuned model, or the model peft wraps around it; adapters count whether on or off.
        blocks: names of the blocks in the model that peft may wrap, first to last.
        initial: base tensor of each weight that training changed in place, by its name in
            `named_parameters()`; None where the weights themselves were not trained.

    Raises:
        ModelError: a merged adapter, more than one, one that is not plain LoRA on a linear layer, or a name
            in `initial` that the model has not.
    """
    initial = initial or {}
    known = dict(base_of(model).named_parameters())
    unknown = [name for name in initial if name not in known]
    if unknown:
        raise ModelError(f"initial weights: given {unknown[0]!r}; accepted: a parameter of the trained model")
    return [
        _block_change(module, name, initial)
        for name, module in zip(blocks, block_modules(model, blocks), strict=True)
    ]


def _block_change(block: nn.Module, name: str, initial: Mapping[str, Tensor]) -> float:
    update = torch.zeros((), dtype=torch.float64)
    base = torch.zeros((), dtype=torch.float64)
    adapters = set()
    for part_name, module in block.named_modules():
        if _is_lora(module):
            update += _lora_squared_norm(module, f"{name}.{part_name}").cpu()
            adapters |= {id(weight) for weight in _adapter_weights(module)}
    for weight_name, weight in block.named_parameters():
        if id(weight) in adapters:
            continue
        weight, before = weight.detach(), initial.get(f"{name}.{weight_name}")
        base += squared_norm(weight if before is None else before).cpu()
        if before is not None:
            update += squared_norm(weight.float() - before.to(weight.device).float()).cpu()
    return relative_change(update, base).item()


def _is_lora(module: nn.Module) -> bool:
    """Whether peft put LoRA factors here; told by its attributes, so that peft need not be imported."""
    return hasattr(module, "lora_A") and hasattr(module, "adapter_layer_names")


def _adapter_weights(module: nn.Module) -> list[nn.Parameter]:
    holders = [getattr(module, name) for name in module.adapter_layer_names if hasattr(module, name)]
    return [weight for holder in holders for weight in holder.parameters()]


def _lora_squared_norm(module: nn.Module, name: str) -> Tensor:
    """||scaling * BA||_F^2 of the only adapter of a layer."""
    if module.merged:
        raise ModelError(
            f"{name}: given a merged adapter; needed: an unmerged one, to tell it from the base weight"
        )
    adapters = list(module.lora_A)
    plain = len(adapters) == 1 and not len(module.lora_magnitude_vector) and not len(module.lora_embedding_A)
    if not plain or module.lora_A[adapters[0]].weight.dim() != 2 or hasattr(module, "parameter_name"):
        given = f"{type(module).__name__} with adapters {adapters}"
        raise ModelError(f"{name}: given {given}; accepted: one plain LoRA adapter on a linear layer")
    adapter = adapters[0]
    a, b = module.lora_A[adapter].weight.detach(), module.lora_B[adapter].weight.detach()
    return module.scaling[adapter] ** 2 * squared_norm_of_product(b, a)
