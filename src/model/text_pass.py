"""A short pass of text through a model: which of its modules it goes through, and what these hand on."""

from collections.abc import Sequence
from functools import partial
from itertools import pairwise
from typing import Any, NamedTuple

import torch
from torch import nn
from transformers import PreTrainedModel

from src.errors import ModelError
from src.model.loaded import residual_width
from src.model.quiet import quiet
from src.model.trunk import base_of, token_table

NUM_TOKENS = 4
CANNOT = (ArithmeticError, AssertionError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)
"""What a model raises that cannot read what it is given."""


class Passed(NamedTuple):
    """What went through a module."""

    entered: Any
    left: Any
    """What it returned, or the first of several."""


@torch.no_grad()
def text_pass(
    model: nn.Module, names: Sequence[str], row: Sequence[int] = range(NUM_TOKENS)
) -> dict[str, Passed] | None:
    """What entered and left the modules of these names for a row, four tokens as a rule; of those that ran.

    None where the model cannot be asked: it takes no such text, or has no weights (torch's meta device).
    """
    if not isinstance(model, PreTrainedModel):
        return None
    found: dict[str, Passed] = {}

    def keep(name: str, module: nn.Module, given: Any, options: Any, returned: Any) -> None:
        entered = given[0] if given else options.get("hidden_states")
        found[name] = Passed(entered, returned[0] if isinstance(returned, tuple) else returned)

    modules = {name: model.get_submodule(name) for name in names}
    hooks = [
        one.register_forward_hook(partial(keep, name), with_kwargs=True) for name, one in modules.items()
    ]
    was_training = model.training
    try:
        table = token_table(model)
        with quiet():  # ids 0 to 3 may look like padding, of which the library would warn
            model.eval()(input_ids=torch.tensor([list(row)], device=table.device) % len(table))
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
            whose states are not finite, as where half precision overflows; or where the modules are a part of
            each layer, beside whose list stands that of another (XLM's feed-forward networks).
    """
    passed = text_pass(model, blocks)
    if passed is None:
        return
    for name in blocks:
        if name not in passed:
            raise ModelError(
                f"{title}: given {name}, which a text does not go through; accepted: models that read text "
                "in every block"
            )
        states = passed[name].left
        if not isinstance(states, torch.Tensor) or states.ndim != 3 or states.shape[1] != NUM_TOKENS:
            shape = list(states.shape) if isinstance(states, torch.Tensor) else type(states).__name__
            raise ModelError(
                f"{title}: given blocks that hand on {shape} for {NUM_TOKENS} tokens ({name}); "
                "accepted: blocks that hand on [row, token, width]"
            )
        if states.shape[2] != (width := residual_width(base_of(model))):
            raise ModelError(
                f"{title}: {name} hands on states of width {states.shape[2]}; accepted: the width {width} "
                "of its configuration"
            )
        if not states.isfinite().all():
            raise ModelError(f"{title}: {name} hands on NaN or infinity; accepted: finite states")
    pairs = list(pairwise(passed.values()))
    if pairs and not any(_hands_on(one, other) for one, other in pairs):
        raise ModelError(
            f"{title}: given modules of which none enters the next ({blocks[0]} to {blocks[-1]}), parts of "
            "layers and no layers; accepted: blocks that hand their states on to the next"
        )


def _hands_on(one: Passed, other: Passed) -> bool:
    """Whether what leaves one module is what enters the other."""
    entered = other.entered
    same_shape = isinstance(entered, torch.Tensor) and entered.shape == one.left.shape
    return same_shape and torch.allclose(entered, one.left)
