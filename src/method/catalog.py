"""The methods by kind, and the one way to apply them."""

from src.config.method import MethodConfig
from src.method.adapted import AdaptedModel, verify
from src.method.frozen import Frozen
from src.method.full import Full
from src.method.lora import Lora
from src.method.method import Method
from src.model.loaded import LoadedModel

METHODS: dict[str, Method] = {"lora": Lora(), "full": Full(), "none": Frozen()}


def method_of(adapted: AdaptedModel) -> Method:
    """The method that a model was adapted by."""
    return METHODS[adapted.config.kind]


def adapt(
    loaded: LoadedModel,
    config: MethodConfig,
    blocks: list[int],
    seed: int,
    lora_targets: list[str] | None = None,
) -> AdaptedModel:
    """Freeze the model and make `blocks` trainable as the method says; verified before it is returned.

    `lora_targets` (last parts of layer names) takes the place of `method.targets` where it is given.
    """
    loaded.model.requires_grad_(False)
    adapted = METHODS[config.kind].adapt(loaded, config, blocks, seed, lora_targets)
    if config.of_kind.trains:
        verify(adapted)
    return adapted
