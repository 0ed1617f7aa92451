"""The control of a run, or one line that says why it cannot be."""

import torch

from src.config.schema import ControlConfig
from src.control.control import Control, NoControl
from src.control.full_weights import InPlace
from src.control.groups import Group, make_groups
from src.control.lora_factors import LowRank
from src.control.matched_sizes import read_profile
from src.control.movement import Movement
from src.control.relative_step import RelativeStep
from src.errors import ModelError
from src.method.adapted import AdaptedModel
from src.method.lora_layer import lora_layer


def make_control(config: ControlConfig, adapted: AdaptedModel, num_steps: int) -> Control:
    """The control that the config asks for; the model may be sharded afterwards.

    Args:
        config: the control.
        adapted: the model with its trainable band, before training.
        num_steps: optimizer steps of the run.

    Raises:
        ConfigError: the source of match_profile has other blocks, too few steps, or is no finished run.
        ModelError: a group's weights are all zero, or nothing of the blocks is in a group.
    """
    if config.kind == "none" and (not config.log_relative_sizes or not adapted.config.of_kind.trains):
        return NoControl()
    profile = read_profile(config) if config.kind == "match_profile" else None
    groups, frozen = make_groups(adapted, config)
    trained = sorted({group.block for group in groups if group.block is not None})
    if config.pushes:
        if config.source is None:
            _check_weights(config, adapted, groups, trained)
        return NoControl()
    if profile is not None:
        profile.check(trained, adapted.loaded.num_blocks, num_steps)
    _check_weights(config, adapted, groups, trained)
    outside = config.weight_decay == "outside"
    movement: Movement
    if adapted.config.of_kind.low_rank:
        movement = LowRank(adapted.model, groups, outside)
    else:
        movement = InPlace(adapted.model, groups, frozen, outside)
    return RelativeStep(config, movement, groups, adapted.loaded.num_blocks, profile)


def _check_weights(
    config: ControlConfig, adapted: AdaptedModel, groups: list[Group], trained: list[int]
) -> None:
    """ModelError where a relative size has no meaning: weights that are all zero, or a block without any."""
    if frozen := sorted(set(adapted.blocks) - set(trained)):
        raise ModelError(
            f"control={config.name}: block {frozen[0]} has no weight to rescale, all of its trained weights "
            "are left or frozen; accepted: control.norms=group and control.biases=group"
        )
    for group in groups:
        if not any(_any_weight(adapted, name) for name in group.members):
            raise ModelError(
                f"control={config.name}: the weights of {group.name} are all zero, so an update has no size "
                "relative to them; accepted: control.biases=leave (or norms, embeddings, head), or "
                "control.grouping=block"
            )


def _any_weight(adapted: AdaptedModel, name: str) -> bool:
    """Whether a weight, or that of an adapted layer, is anywhere unlike zero."""
    if adapted.config.of_kind.low_rank:
        weight = lora_layer(adapted.model, name).get_base_layer().weight
    else:
        weight = adapted.model.get_parameter(name)
    return bool(torch.count_nonzero(weight.detach()))
