"""A short pass of text through a model: which of its modules it goes through, and what these hand on."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import torch
from torch import nn
from transformers import PreTrainedModel

from src.errors import ModelError
from src.model.quiet import quiet
from src.model.trunk import token_table

NUM_TOKENS = 4
CANNOT = (ArithmeticError, AssertionError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)
"""What a model raises that cannot read what it is given."""


@torch.no_grad()
def text_pass(model: nn.Module, names: Sequence[str]) -> dict[str, Any] | None:
    """What the modules of these names returned for four tokens, those alone that were called.

    None where the model cannot be asked: it takes no text, or has no weights (torch's meta device).
    """
    if not isinstance(model, PreTrainedModel):
        return None
    found: dict[str, Any] = {}

    def keep(name: str, module: nn.Module, given: Any, returned: Any) -> None:
        found[name] = returned

    hooks = [model.get_submodule(name).register_forward_hook(partial(keep, name)) for name in names]
    was_training = model.training
    try:
        table = token_table(model)
        with quiet():  # ids 0 to 3 may look like padding, of which the library would warn
            model.eval()(input_ids=torch.arange(NUM_TOKENS, device=table.device).unsqueeze(0) % len(table))
    except CANNOT:
        return None
    finally:
        model.train(was_training)
        for hook in hooks:
            hook.remove()
    return found


def check_states(model: nn.Module, blocks: Sequence[str], title: str) -> None:
    """Refuse a model whose blocks hand on anything but [row, token, width], before it is trained or scored.

    Raises:
        ModelError: naming the shape, such as the [stream, row, token, width] of Gemma 3n, or the first block
            whose states are not finite, as where half precision overflows.
    """
    for name, returned in (text_pass(model, blocks) or {}).items():
        states = returned[0] if isinstance(returned, tuple) else returned
        if not isinstance(states, torch.Tensor) or states.ndim != 3 or states.shape[1] != NUM_TOKENS:
            shape = list(states.shape) if isinstance(states, torch.Tensor) else type(states).__name__
            raise ModelError(
                f"{title}: given blocks that hand on {shape} for {NUM_TOKENS} tokens ({name}); "
                "accepted: blocks that hand on [row, token, width]"
            )
        if not states.isfinite().all():
            raise ModelError(f"{title}: {name} hands on NaN or infinity; accepted: finite states")
