"""What was asked to train does train: a layer that is never called gets no gradient, without a word."""

from collections.abc import Sequence

from torch import nn

from src.errors import TrainingError

_SHOWN = 3


def check_reached(model: nn.Module, blocks: Sequence[str]) -> None:
    """Refuse to train tensors of the blocks that the loss does not depend on; to be asked after backward.

    Mamba reads the weight of dt_proj and never calls the layer, so an adapter on it stays at zero, though it
    counts in every budget. Outside of the blocks an objective may leave a head alone.

    Args:
        model: after its first backward pass.
        blocks: dotted names of its blocks, in the model that peft may wrap.

    Raises:
        TrainingError: with the names of the layers.
    """
    inside = tuple(f"{block}." for block in blocks)
    unreached = [
        name.removeprefix("base_model.model.").partition(".lora_")[0]
        for name, value in model.named_parameters()
        if value.requires_grad and value.grad is None
    ]
    names = list(dict.fromkeys(name for name in unreached if name.startswith(inside)))
    if names:
        more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        ends = sorted({name.rpartition(".")[2] for name in names})
        raise TrainingError(
            f"no gradient reaches {', '.join(names[:_SHOWN])}{more}, so they would never train; accepted: "
            f"model.lora_targets or method.targets without {', '.join(ends)}"
        )
