"""A model with a trainable band, and the proof that exactly this band trains."""

from dataclasses import dataclass, field

import torch
from torch import nn

from src.config.method import MethodConfig
from src.errors import ModelError
from src.method.rank import LoraPlan
from src.model.loaded import LoadedModel


@dataclass
class AdaptedModel:
    """A model with a trainable band. `model` is what trains, probes and generates."""

    loaded: LoadedModel
    model: nn.Module
    config: MethodConfig
    asked: list[int]
    """Blocks of the band; without those of rank 0 where `method.ranks` is given."""
    blocks: list[int]
    """Blocks that hold something trainable, found in the adapted model."""
    modules: list[str]
    """LoRA: the linear layers adapted. Full: the modules whose own parameters train."""
    plan: LoraPlan | None = None
    originals: dict[str, torch.Tensor] = field(default_factory=dict)
    """Full training: the base values of the trainable parameters, so that the base can be asked again."""

    @property
    def trainable(self) -> dict[str, nn.Parameter]:
        """Trainable parameters by name, in the model's own order."""
        return {name: value for name, value in self.model.named_parameters() if value.requires_grad}

    @property
    def num_trainable(self) -> int:
        """Number of trainable parameters."""
        return sum(value.numel() for value in self.trainable.values())

    @property
    def num_total(self) -> int:
        """Number of all parameters, adapters included."""
        return sum(value.numel() for value in self.model.parameters())


def verify(adapted: AdaptedModel) -> None:
    """ModelError unless exactly the expected modules train and everything else is frozen."""
    expected, found = set(adapted.modules), {owner(name) for name in adapted.trainable}
    if expected != found:
        missing, surplus = sorted(expected - found)[:3], sorted(found - expected)[:3]
        raise ModelError(
            f"the band did not take effect: {len(expected)} modules should train, {len(found)} do; "
            f"missing {missing}, surplus {surplus}"
        )
    if adapted.blocks != sorted(adapted.asked):
        raise ModelError(
            f"the band did not take effect: blocks {adapted.asked} were asked for, {adapted.blocks} train"
        )


def owner(parameter: str) -> str:
    """The module of the base model that a trainable parameter belongs to, by their dotted names."""
    name = parameter.removeprefix("base_model.model.")
    return name.split(".lora_")[0] if ".lora_" in name else name.rpartition(".")[0]


def blocks_of(names: list[str], loaded: LoadedModel) -> list[int]:
    """Blocks that hold any of the modules, ascending."""
    prefixes = [block + "." for block in loaded.blocks]
    return [i for i, prefix in enumerate(prefixes) if any((name + ".").startswith(prefix) for name in names)]
