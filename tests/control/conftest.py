"""Adapted tiny models, and optimizer steps on gradients that differ wildly between blocks."""

import pytest
import torch

from src.control.make import make_control
from src.method.catalog import adapt
from src.runtime.seeding import generator
from src.train.optimizer import make_optimizer


@pytest.fixture
def adapted_of(make_config, load_tiny):
    """adapted_of(family, method, blocks, *overrides)."""

    def make(family, method="full", blocks=None, *overrides):
        loaded = load_tiny(family)
        config = make_config(f"model=tiny_{family}", f"method={method}", "method.rank=4", *overrides)
        return adapt(
            loaded, config.method, blocks or list(range(loaded.num_blocks)), 0, config.model.lora_targets
        )

    return make


@pytest.fixture
def control_of(make_config):
    """control_of(adapted, *overrides): the control that a command line would give."""

    def make(adapted, *overrides, num_steps=4):
        chosen = [] if any(one.startswith("control=") for one in overrides) else ["control=equal_step"]
        return make_control(make_config(*chosen, *overrides).control, adapted, num_steps)

    return make


@pytest.fixture
def steps_of(make_config):
    """Yields the step log's line after each step, with the weights before it and as the optimizer left them."""

    def run(adapted, control, num_steps=3, rate=1e-3, decay=0.0, start=0):
        config = make_config(f"train.learning_rate={rate}", f"train.weight_decay={decay}").train
        optimizer = make_optimizer(adapted.trainable.values(), config)
        for step in range(start, start + num_steps):
            draw = generator(0, "gradients", step)
            for place, value in enumerate(adapted.trainable.values()):
                value.grad = torch.randn(value.shape, generator=draw)
                silent = 0.8 * place / len(adapted.trainable)  # Adam undoes a scale, not this
                value.grad[torch.rand(value.shape, generator=draw) < silent] = 0
            before = snapshot(adapted)
            control.before(rate * decay)
            optimizer.step()
            left = snapshot(adapted)
            yield control.after(step), before, left, snapshot(adapted)

    return run


def snapshot(adapted):
    return {name: value.detach().clone() for name, value in adapted.trainable.items()}
