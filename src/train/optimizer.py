"""The optimizer and the learning rate, which is a function of the step and nothing else."""

import math
from collections.abc import Iterable

import torch
from torch import nn

from src.config.schema import TrainConfig


def make_optimizer(parameters: Iterable[nn.Parameter], config: TrainConfig) -> torch.optim.Optimizer:
    """AdamW with decoupled weight decay, fused into one kernel on a GPU, or SGD with momentum."""
    trained = list(parameters)
    if config.optimizer == "sgd":
        return torch.optim.SGD(trained, lr=config.learning_rate, momentum=config.momentum)
    return torch.optim.AdamW(
        trained,
        lr=config.learning_rate,
        betas=(config.beta1, config.beta2),
        eps=config.epsilon,
        weight_decay=config.weight_decay,
        fused=trained[0].device.type == "cuda" or None,
    )


def learning_rate(step: int, num_steps: int, config: TrainConfig) -> float:
    """The learning rate of optimizer step `step` (0-based) out of `num_steps`.

    Warm-up rises linearly and reaches the full rate at step `warmup_steps`; then linear or cosine decay
    would reach zero at step `num_steps`, one after the last.
    """
    if step < config.warmup_steps:
        return config.learning_rate * (step + 1) / (config.warmup_steps + 1)
    if config.schedule == "constant":
        return config.learning_rate
    done = (step - config.warmup_steps) / max(1, num_steps - config.warmup_steps)
    share = 1 - done if config.schedule == "linear" else (1 + math.cos(math.pi * done)) / 2
    return config.learning_rate * share
