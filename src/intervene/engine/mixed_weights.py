"""A module that runs with a mixture of two sets of its own parameters, mixed before or after it."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn

from src.errors import ModelError
from src.intervene.engine.gates import spread


@contextmanager
def with_parameters(module: nn.Module, values: Mapping[str, Tensor]) -> Iterator[None]:
    """Inside, the module's own parameters are these tensors, which gradients may pass."""
    parameters: dict[str, Any] = module._parameters  # takes any tensor, not Parameters alone
    before = {name: parameters[name] for name in values}
    try:
        parameters.update(values)
        yield
    finally:
        parameters.update(before)


@contextmanager
def mixed_weights(
    module: nn.Module, base: Mapping[str, Tensor], tuned: Mapping[str, Tensor], share: Tensor
) -> Iterator[None]:
    """Inside, the parameters of the module are mixtures of two sets, which gradients pass to the share."""
    mixed = {name: base[name] + share * (tuned[name] - base[name]) for name in base}
    with with_parameters(module, mixed):
        yield


@contextmanager
def mixed_outputs(
    module: nn.Module, base: Mapping[str, Tensor], tuned: Mapping[str, Tensor], share: Tensor
) -> Iterator[None]:
    """Inside, the output of the module is a mixture of those that two sets of its parameters give."""
    forward: Callable[..., Any] = module.forward

    def mixed(*args: Any, **kwargs: Any) -> Tensor:
        with with_parameters(module, base):
            before = forward(*args, **kwargs)
        with with_parameters(module, tuned):
            after = forward(*args, **kwargs)
        if not isinstance(after, Tensor):
            raise ModelError(f"gates: {type(module).__name__} answers with several values; accepted: one")
        return before + spread(share, after) * (after - before)

    module.forward = mixed
    try:
        yield
    finally:
        del module.forward
