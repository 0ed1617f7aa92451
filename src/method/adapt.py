"""Make a band of a loaded model trainable, and prove that exactly this band is."""

import math
import re
import warnings
from collections.abc import Iterable
from dataclasses import dataclass, field

import torch
from torch import nn
from transformers.pytorch_utils import Conv1D

from src.config.schema import MethodConfig
from src.errors import ModelError
from src.method.rank import LoraPlan, Shape, plan_lora
from src.model.blocks import linear_layers
from src.model.loaded import LoadedModel
from src.runtime.seeding import isolated


@dataclass
class AdaptedModel:
    """A model with a trainable band. `model` is what trains, probes and generates."""

    loaded: LoadedModel
    model: nn.Module
    method: MethodConfig
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


def adapt(
    loaded: LoadedModel,
    method: MethodConfig,
    blocks: list[int],
    seed: int,
    lora_targets: list[str] | None = None,
) -> AdaptedModel:
    """Freeze the model and make `blocks` trainable as `method` says; verified before it is returned.

    `lora_targets` (last parts of layer names) takes the place of `method.targets` where it is given.
    """
    loaded.model.requires_grad_(False)
    if method.kind == "lora":
        per_block = linear_layers(loaded.model, loaded.blocks, lora_targets or method.targets)
        adapted = _with_lora(loaded, method, blocks, seed, per_block)
    elif method.kind == "full":
        adapted = _with_full(loaded, method, blocks)
    else:
        return AdaptedModel(loaded, loaded.model, method, blocks, [], [])
    verify(adapted)
    return adapted


def verify(adapted: AdaptedModel) -> None:
    """ModelError unless exactly the expected modules train and everything else is frozen."""
    expected, found = set(adapted.modules), {_owner(name) for name in adapted.trainable}
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
    if adapted.plan is not None:
        _verify_ranks(adapted, adapted.plan)


def _verify_ranks(adapted: AdaptedModel, plan: LoraPlan) -> None:
    """ModelError unless the factors of every layer have the rank, and its update the scale, of its block."""
    for block in adapted.blocks:
        prefix = adapted.loaded.blocks[block] + "."
        for name in (name for name in adapted.modules if (name + ".").startswith(prefix)):
            layer = adapted.model.get_submodule(f"base_model.model.{name}")
            (factor,) = layer.lora_A.values()
            found = (factor.weight.shape[0], *layer.scaling.values())
            expected = (plan.ranks[block], plan.scale_of(block))
            if found[0] != expected[0] or not math.isclose(found[1], expected[1], rel_tol=1e-9):
                raise ModelError(
                    f"the ranks did not take effect: {name} has rank {found[0]}, scale {found[1]:g}; "
                    f"asked for rank {expected[0]}, scale {expected[1]:g}"
                )


def _with_lora(
    loaded: LoadedModel, method: MethodConfig, blocks: list[int], seed: int, per_block: list[list[str]]
) -> AdaptedModel:
    from peft import LoraConfig, get_peft_model

    shapes = [[_shape(loaded.model.get_submodule(name)) for name in names] for names in per_block]
    plan = plan_lora(method, blocks, shapes)
    names = [name for block in plan.ranks for name in per_block[block]]
    first = next(iter(plan.ranks))
    config = LoraConfig(
        r=plan.ranks[first],
        lora_alpha=plan.alphas[first],
        rank_pattern=_patterns(plan.ranks, per_block),
        alpha_pattern=_patterns(plan.alphas, per_block),
        lora_dropout=method.dropout,
        use_rslora=plan.use_rslora,
        target_modules=names,  # full names: peft's own layer selection drops what it does not know
        bias="none",
        fan_in_fan_out=_is_transposed(loaded.model.get_submodule(names[0])),
        revision=loaded.revision,
    )
    with isolated(seed, "adapter"), warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # peft asks transformers by a name that it will lose
        warnings.simplefilter("ignore", RuntimeWarning)  # what took no effect is refused below
        try:
            model = get_peft_model(loaded.model, config)
        except (AttributeError, NotImplementedError, TypeError, ValueError) as error:
            _check_kept(names, config.target_modules, loaded.family)
            reason = " ".join(str(error).split())
            raise ModelError(
                f"model.lora_targets: peft cannot adapt {loaded.family} so ({reason})"
            ) from error
    _check_kept(names, config.target_modules, loaded.family)
    return AdaptedModel(loaded, model, method, list(plan.ranks), _blocks_of(names, loaded), names, plan)


def _check_kept(names: list[str], kept: Iterable[str], family: str) -> None:
    """Refuse layers whose names peft takes for those of fused experts; so would all who load the adapter.

    peft keeps names, or shorter ends that mean the same layers.
    """
    ends = tuple(kept)
    taken = sorted({name.rsplit(".", 1)[-1] for name in names if not name.endswith(ends)})
    if taken:
        raise ModelError(
            f"model.lora_targets: given {', '.join(taken)}, which peft takes for the fused experts of "
            f"{family} wherever they lie; accepted: names without them, or method.targets=attention"
        )


def _patterns(values: dict[int, float], per_block: list[list[str]]) -> dict[str, float]:
    """What peft is told of each layer where blocks differ; nothing where one value holds for all.

    peft reads the keys as regular expressions that end a layer's name, and takes the first that matches.
    """
    if len(set(values.values())) == 1:
        return {}
    return {re.escape(name): value for block, value in values.items() for name in per_block[block]}


def _with_full(loaded: LoadedModel, method: MethodConfig, blocks: list[int]) -> AdaptedModel:
    whole = len(blocks) == loaded.num_blocks
    outside = whole if method.train_outside is None else method.train_outside
    for block in blocks:
        loaded.model.get_submodule(loaded.blocks[block]).requires_grad_(True)
    if outside:
        for name, value in loaded.model.named_parameters():
            if not any(name.startswith(block + ".") for block in loaded.blocks):
                value.requires_grad_(True)
    adapted = AdaptedModel(loaded, loaded.model, method, blocks, [], [])
    adapted.modules = sorted({_owner(name) for name in adapted.trainable})
    adapted.blocks = _blocks_of(adapted.modules, loaded)
    adapted.originals = {name: value.detach().clone() for name, value in adapted.trainable.items()}
    return adapted


def _owner(parameter: str) -> str:
    """The module of the base model that a trainable parameter belongs to."""
    name = parameter.removeprefix("base_model.model.")
    return name.split(".lora_")[0] if ".lora_" in name else name.rpartition(".")[0]


def _blocks_of(names: list[str], loaded: LoadedModel) -> list[int]:
    prefixes = [block + "." for block in loaded.blocks]
    return [i for i, prefix in enumerate(prefixes) if any((name + ".").startswith(prefix) for name in names)]


def _shape(layer: nn.Module) -> Shape:
    """(inputs, outputs) of a linear layer."""
    first, second = layer.weight.shape
    return (first, second) if _is_transposed(layer) else (second, first)


def _is_transposed(layer: nn.Module) -> bool:
    return isinstance(layer, Conv1D)  # GPT-2 stores [inputs, outputs]
