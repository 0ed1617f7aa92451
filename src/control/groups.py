"""Which weights are rescaled together, which are left alone, and which are put back."""

from dataclasses import dataclass

from torch import nn

from src.config.schema import ControlConfig
from src.method.adapted import AdaptedModel


@dataclass(frozen=True)
class Group:
    """Weights that share one relative size, ||dW|| / ||W|| over all of them."""

    name: str
    """As a person reads it: `block 3`, `block 3: self_attn.q_proj.weight`, `embeddings`."""
    block: int | None
    """None outside the blocks."""
    members: tuple[str, ...]
    """Trained in place: names of parameters. LoRA: names of adapted layers of the base model."""


def make_groups(adapted: AdaptedModel, config: ControlConfig) -> tuple[list[Group], list[str]]:
    """Groups in the order of the model, and the parameters that every step is undone of.

    What is in neither is left as the optimizer made it.
    """
    if adapted.config.of_kind.low_rank:
        members = [(name, block_of(name, adapted), "group", "layer") for name in adapted.modules]
    else:
        members = [
            (name, block, _treatment(kind, config), kind)
            for name in adapted.trainable
            for block in [block_of(name, adapted)]
            for kind in [_kind(name, block, adapted.loaded.model)]
        ]
    gathered: dict[tuple[str, int | None], list[str]] = {}
    for name, block, treatment, kind in members:
        if treatment == "group":
            title = _title(name, block, kind, adapted, config.grouping)
            gathered.setdefault((title, block), []).append(name)
    frozen = [name for name, _, treatment, _ in members if treatment == "freeze"]
    return [Group(title, block, tuple(some)) for (title, block), some in gathered.items()], frozen


def block_of(name: str, adapted: AdaptedModel) -> int | None:
    """The block that a parameter or a layer lies in; None outside the blocks."""
    found = [i for i, block in enumerate(adapted.loaded.blocks) if name.startswith(block + ".")]
    return found[0] if found else None


def _kind(name: str, block: int | None, model: nn.Module) -> str:
    """matrices, norms, biases, embeddings or head; told by structure, for families nobody listed."""
    owner = model.get_submodule(name.rpartition(".")[0])
    if "norm" in type(owner).__name__.lower():
        return "norms"
    if block is None:
        return "embeddings" if isinstance(owner, nn.Embedding) else "head"
    shape = model.get_parameter(name).shape
    return "matrices" if sum(length > 1 for length in shape) > 1 else "biases"


def _treatment(kind: str, config: ControlConfig) -> str:
    treatments = {
        "matrices": "group",
        "norms": config.norms,
        "biases": config.biases,
        "embeddings": config.embeddings,
        "head": config.head,
    }
    return treatments[kind]


def _title(name: str, block: int | None, kind: str, adapted: AdaptedModel, grouping: str) -> str:
    if block is None:
        return name if grouping == "tensor" else f"{kind} outside the blocks"
    if grouping == "block":
        return f"block {block}"
    return f"block {block}: {name.removeprefix(adapted.loaded.blocks[block] + '.')}"
