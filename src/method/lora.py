"""LoRA: low-rank factors beside the linear layers of a band."""

import math
import re
import warnings
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, cast

from safetensors.torch import load_file
from torch import Tensor, nn
from transformers.pytorch_utils import Conv1D

from src.config.method import MethodConfig
from src.errors import ModelError
from src.method.adapted import AdaptedModel, blocks_of
from src.method.lora_layer import lora_layer
from src.method.method import Method
from src.method.penalty.matrix_update import LowRank, MatrixUpdate
from src.method.rank import LoraPlan, Shape, plan_lora
from src.model.linear_layers import linear_layers
from src.model.loaded import LoadedModel
from src.runtime.seeding import isolated

if TYPE_CHECKING:
    from peft import PeftModel

WEIGHTS = "adapter_model.safetensors"


class Lora(Method):
    """peft's LoRA, with the rank and the scale that the settings make of each block."""

    def adapt(
        self,
        loaded: LoadedModel,
        config: MethodConfig,
        blocks: list[int],
        seed: int,
        lora_targets: list[str] | None,
    ) -> AdaptedModel:
        """Put factors beside the target layers of the band."""
        per_block = linear_layers(loaded.model, loaded.blocks, lora_targets or config.targets)
        shapes = [[_shape(loaded.model.get_submodule(name)) for name in names] for names in per_block]
        plan = plan_lora(config, blocks, shapes)
        names = [name for block in plan.ranks for name in per_block[block]]
        model = _with_factors(loaded, config, plan, per_block, seed)
        asked = list(plan.ranks)
        adapted = AdaptedModel(loaded, model, config, asked, blocks_of(names, loaded), names, plan)
        verify_ranks(adapted, plan)
        return adapted

    def as_base(self, adapted: AdaptedModel) -> AbstractContextManager[None]:
        """The factors switched off."""
        return _peft(adapted).disable_adapter()

    def updates(self, adapted: AdaptedModel) -> list[MatrixUpdate]:
        """Those of the layers with factors."""
        return [LowRank(name, lora_layer(adapted.model, name)) for name in adapted.modules]

    def save(self, adapted: AdaptedModel, folder: Path, weights: Mapping[str, Tensor]) -> set[str]:
        """An adapter that loads with peft alone: the factors."""
        factors = {name: value.detach() for name, value in weights.items() if ".lora_" in name}
        _peft(adapted).save_pretrained(
            str(folder), safe_serialization=True, save_embedding_layers=False, state_dict=factors
        )
        (folder / "README.md").unlink(missing_ok=True)  # a model card with nothing in it
        return set(factors)

    def load(self, folder: Path) -> dict[str, Tensor]:
        """Peft leaves the adapter's name out of the file."""
        stored = load_file(folder / WEIGHTS)
        return {name.replace(".weight", ".default.weight"): value for name, value in stored.items()}


def _peft(adapted: AdaptedModel) -> "PeftModel":
    return cast("PeftModel", adapted.model)  # `adapt` above made it


def _with_factors(
    loaded: LoadedModel, method: MethodConfig, plan: LoraPlan, per_block: list[list[str]], seed: int
) -> nn.Module:
    from peft import LoraConfig, get_peft_model

    names = [name for block in plan.ranks for name in per_block[block]]
    first = next(iter(plan.ranks))
    config = LoraConfig(
        r=plan.ranks[first],
        lora_alpha=plan.alphas[first],  # type: ignore[arg-type]  # peft takes any number
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
        warnings.filterwarnings(
            "ignore", ".*get_apply_tensor_subclass"
        )  # nobody merges into a quantised layer
        warnings.simplefilter("ignore", RuntimeWarning)  # what took no effect is refused below
        try:
            model = get_peft_model(loaded.model, config)
        except (AttributeError, NotImplementedError, TypeError, ValueError) as error:
            _check_kept(names, config.target_modules or (), loaded.family)
            reason = " ".join(str(error).split())
            raise ModelError(
                f"model.lora_targets: peft cannot adapt {loaded.family} so ({reason}); "
                "accepted: model.lora_targets=[NAME,...] of other linear layers"
            ) from error
    _check_kept(names, config.target_modules or (), loaded.family)
    return model


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


def _patterns(values: Mapping[int, float], per_block: list[list[str]]) -> dict[str, float]:
    """What peft is told of each layer where blocks differ; nothing where one value holds for all.

    peft reads the keys as regular expressions that end a layer's name, and takes the first that matches.
    """
    if len(set(values.values())) == 1:
        return {}
    return {re.escape(name): value for block, value in values.items() for name in per_block[block]}


def verify_ranks(adapted: AdaptedModel, plan: LoraPlan) -> None:
    """ModelError unless the factors of every layer have the rank, and its update the scale, of its block."""
    for block in adapted.blocks:
        prefix = adapted.loaded.blocks[block] + "."
        for name in (name for name in adapted.modules if (name + ".").startswith(prefix)):
            layer = lora_layer(adapted.model, name)
            (factor,) = layer.lora_A.values()
            found = (factor.weight.shape[0], *layer.scaling.values())
            expected = (plan.ranks[block], plan.scale_of(block))
            if found[0] != expected[0] or not math.isclose(found[1], expected[1], rel_tol=1e-9):
                raise ModelError(
                    f"the ranks did not take effect: {name} has rank {found[0]}, scale {found[1]:g}; "
                    f"asked for rank {expected[0]}, scale {expected[1]:g}"
                )


def _shape(layer: nn.Module) -> Shape:
    """(inputs, outputs) of a linear layer."""
    first, second = layer.get_parameter("weight").shape
    return (first, second) if _is_transposed(layer) else (second, first)


def _is_transposed(layer: nn.Module) -> bool:
    return isinstance(layer, Conv1D)  # GPT-2 stores [inputs, outputs]
