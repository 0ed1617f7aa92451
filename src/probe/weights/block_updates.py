"""The update of every weight tensor of a block: LoRA factors, or base and tuned tensor."""

from collections.abc import Mapping, Sequence

from torch import Tensor, nn

from src.errors import ModelError
from src.method.lora_layer import LoraLayer, is_lora
from src.metrics.shared.tensor_update import TensorUpdate
from src.model.trunk import base_of, block_modules
from src.probe.weights.kind_rows import BLOCK
from src.probe.weights.tensor_kinds import tensor_kind


def block_updates(
    model: nn.Module, blocks: Sequence[str], initial: Mapping[str, Tensor] | None = None
) -> list[list[TensorUpdate]]:
    """Every base weight tensor of every block with its update; no update matrix is built.

    What is returned stays right when the weights of the model are exchanged for those of the base later. A
    block that is named several times, for the layers that share it, has its tensors at the first of them.

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
    known = dict(base_of(model).named_parameters()) if initial else {}
    unknown = [name for name in initial if name not in known]
    if unknown:
        raise ModelError(f"initial weights: given {unknown[0]!r}; accepted: a parameter of the trained model")
    modules = dict(zip(blocks, block_modules(model, blocks), strict=True))
    found = {name: _of_block(module, name, initial) for name, module in modules.items()}
    return [found.pop(name, []) for name in blocks]


def by_kind(updates: Sequence[TensorUpdate]) -> dict[str, list[TensorUpdate]]:
    """The tensors of a block under their kind, and all of them under BLOCK; nothing where it has none."""
    kinds = {BLOCK: list(updates)} if updates else {}
    for update in updates:
        kinds.setdefault(update.kind, []).append(update)
    return kinds


def _of_block(block: nn.Module, name: str, initial: Mapping[str, Tensor]) -> list[TensorUpdate]:
    factors: dict[int, tuple[Tensor, Tensor]] = {}
    adapters: set[int] = set()
    for part_name, module in block.named_modules():
        if is_lora(module):
            factors[id(module.get_base_layer().weight)] = _factors(module, f"{name}.{part_name}")
            adapters |= {id(weight) for weight in _adapter_weights(module)}
    updates = []
    for inner, weight in block.named_parameters():
        if id(weight) not in adapters:
            full, now = f"{name}.{inner}", weight.detach()
            before, kind = initial.get(full), tensor_kind(block, inner)
            base, tuned = (now, None) if before is None else (before, now)
            updates.append(TensorUpdate(full, kind, base, factors.get(id(weight)), tuned))
    return updates


def _adapter_weights(module: LoraLayer) -> list[nn.Parameter]:
    holders = [getattr(module, name) for name in module.adapter_layer_names if hasattr(module, name)]
    return [weight for holder in holders for weight in holder.parameters()]


def only_adapter(module: LoraLayer, name: str) -> str:
    """The name of the only adapter of a layer; ModelError unless it is plain, unmerged LoRA."""
    if module.merged:
        raise ModelError(
            f"{name}: given a merged adapter; needed: an unmerged one, to tell it from the base weight"
        )
    adapters = list(module.lora_A)
    plain = len(adapters) == 1 and not len(module.lora_magnitude_vector) and not len(module.lora_embedding_A)
    if not plain or module.lora_A[adapters[0]].weight.dim() != 2 or hasattr(module, "parameter_name"):
        given = f"{type(module).__name__} with adapters {adapters}"
        raise ModelError(f"{name}: given {given}; accepted: one plain LoRA adapter on a linear layer")
    return adapters[0]


def _factors(module: LoraLayer, name: str) -> tuple[Tensor, Tensor]:
    """Both factors of the only adapter, B scaled; exchanged where the layer stores [in, out]."""
    adapter = only_adapter(module, name)
    a, b = module.lora_A[adapter].weight.detach(), module.lora_B[adapter].weight.detach()
    b = module.scaling[adapter] * b.double()
    return (a.double().T, b.T) if module.fan_in_fan_out else (b, a.double())
