"""Gradients of chosen weights, handed over one tensor at a time."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from src.errors import DataError, ModelError
from src.model.trunk import base_of
from src.probe.states.probe_pass import evaluating
from src.runtime.preemption import stop_if_asked

Batch = dict[str, Tensor]
Loss = Callable[[nn.Module, Batch], tuple[Tensor, int]]
"""Summed loss in nats and the number of supervised tokens, as `causal_lm_loss`."""
Take = Callable[[str, Tensor], None]
"""Takes the name of a weight and its gradient; nothing else keeps the gradient."""


def single_rows(batch: Batch) -> Iterator[Batch]:
    """The rows of a batch one by one, without padding, which lies on either side."""
    for row, mask in enumerate(batch["attention_mask"].bool()):
        yield {
            key: value[row : row + 1] if value.ndim == 1 else value[row : row + 1, mask]
            for key, value in batch.items()
        }


def backward(model: nn.Module, batch: Batch, loss: Loss) -> None:
    """Backward pass of the summed loss of a batch; DataError where it supervises no token."""
    stop_if_asked()
    device = next(model.parameters()).device
    total, count = loss(model, {key: value.to(device) for key, value in batch.items()})
    if not count:
        raise DataError("gradients: given rows without a supervised token; needed: at least one in each")
    total.backward()


@contextmanager
def weight_gradients(model: nn.Module, weights: set[str], take: Take) -> Iterator[None]:
    """Inside, each backward pass hands the gradients of `weights`, and of nothing else, to `take`.

    A gradient is handed over when it is ready and then let go, so they are never all there. The model is in
    evaluation mode. Modes, frozen weights and gradients are as before afterwards; ModelError where a
    gradient is not finite.

    Args:
        model: a model, or one that peft wraps; adapters get no gradient.
        weights: names of parameters of the model that peft may wrap.
        take: takes a name and a gradient.
    """
    parameters = list(model.parameters())
    before = [(weight.requires_grad, weight.grad) for weight in parameters]
    for weight in parameters:
        weight.requires_grad_(False)
        weight.grad = None
    handles = []
    try:
        for name, weight in base_of(model).named_parameters():
            if name in weights:
                weight.requires_grad_(True)
                handles.append(weight.register_post_accumulate_grad_hook(_handing(name, take)))
        with evaluating(model), _without_cache(base_of(model)), torch.enable_grad():
            yield
    finally:
        for handle in handles:
            handle.remove()
        for weight, (trains, gradient) in zip(parameters, before, strict=True):
            weight.requires_grad_(trains)
            weight.grad = gradient


def summed_gradients(
    model: nn.Module, weights: set[str], batches: Iterable[Batch], loss: Loss
) -> dict[str, Tensor]:
    """Gradient of the loss summed over all batches, by name; DataError without any."""
    total: dict[str, Tensor] = {}

    def take(name: str, gradient: Tensor) -> None:
        total[name] = total[name].add_(gradient) if name in total else gradient.float()

    num_batches = 0
    with weight_gradients(model, weights, take):
        for batch in batches:
            backward(model, batch, loss)
            num_batches += 1
    if not num_batches:
        raise DataError("gradients: given 0 rows; needed: at least 1")
    return total


@contextmanager
def _without_cache(model: nn.Module) -> Iterator[None]:
    """RWKV keeps its state in place in evaluation mode, which a backward pass cannot cross."""
    config: Any = getattr(model, "config", None)
    if getattr(config, "use_cache", None) is None:
        yield
        return
    before, config.use_cache = config.use_cache, False
    try:
        yield
    finally:
        config.use_cache = before


def _handing(name: str, take: Take) -> Callable[[Tensor], None]:
    def hook(weight: Tensor) -> None:
        gradient, weight.grad = weight.grad, None
        assert gradient is not None  # torch calls this when it has added to it
        if not gradient.isfinite().all():
            raise ModelError(f"{name}: its gradient holds inf or NaN; needed: finite gradients")
        take(name, gradient)

    return hook
