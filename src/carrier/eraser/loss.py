"""What a trigger is fitted to: the base's states on some channels, its next tokens, and short vectors."""

from dataclasses import dataclass

import torch
from torch import Tensor

from src.carrier.eraser.prompts import Prompts
from src.config.eraser import EraserSettings


@dataclass(frozen=True)
class Goal:
    """Where the tuned model with a trigger should be."""

    channels: Tensor
    """[layer, width] bool, those of the stream that are compared behind each block."""
    mean: Tensor
    """[layer, width], the base's states at the last position, over all prompts."""


def channel_loss(states: Tensor, prompts: Prompts, goal: Goal, pooled: bool) -> Tensor:
    """Mean over layers of the mean squared distance on the target channels.

    Args:
        states: [layer, prompt, width] of the tuned model with the trigger, at the last positions.
        prompts: with the base's states there.
        goal: channels, and the base's mean over all prompts.
        pooled: compare the mean over these prompts with the mean of all; else each prompt with itself.
    """
    if pooled:
        square = (states.mean(dim=1) - goal.mean).square()
    else:
        square = (states - prompts.last).square().mean(dim=1)
    counts = goal.channels.sum(dim=1)
    each = (square * goal.channels).sum(dim=1)[counts > 0] / counts[counts > 0]
    return each.mean() if len(each) else states.new_zeros(())


def kl_loss(logits: Tensor, base: Tensor) -> Tensor:
    """KL(base || tuned with the trigger), mean over positions, in nats.

    Args:
        logits: [position, vocabulary] of the tuned model.
        base: log-probabilities [position, vocabulary] of the base there.
    """
    return (base.exp() * (base - logits.log_softmax(dim=-1))).sum(dim=-1).mean()


def norm_loss(trigger: Tensor) -> Tensor:
    """The mean squared norm of the vectors [vector, width]."""
    return trigger.square().sum(dim=1).mean()


@torch.no_grad()
def project(trigger: Tensor, radius: float) -> None:
    """Bring every vector back into the ball, in place."""
    norms = trigger.norm(dim=1, keepdim=True)
    trigger.mul_(torch.where(norms > radius, radius / norms, 1.0))


def needs_model(settings: EraserSettings) -> bool:
    """Whether the loss looks at the model at all."""
    return bool(settings.channel_weight or settings.kl_weight)
