"""The vector of a text: token states behind the last norm of the trunk, pooled."""

from contextlib import ExitStack

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from src.model.trunk import base_of, trunk_of
from src.objective.head import head_positions


def text_vectors(
    model: nn.Module,
    input_ids: Int[Tensor, "row token"],
    attention_mask: Int[Tensor, "row token"],
    pooling: str,
) -> Float[Tensor, "row width"]:
    """One float32 vector a row, padded at the right: the mean over its tokens, or its first or last one.

    The whole model is called, as it must be where its weights are sharded, but its head sees no position.
    """
    seen: list[Tensor] = []
    head = base_of(model).get_output_embeddings()
    none = attention_mask.new_zeros(0)
    with ExitStack() as hooks:
        if head is not None:  # a family may reach around its trunk (OPT); the head's input is then the same
            entering = head.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
            hooks.callback(entering.remove)
            hooks.enter_context(head_positions(head, none))
        leaving = trunk_of(model).register_forward_hook(lambda _, inputs, output: seen.insert(0, output[0]))
        hooks.callback(leaving.remove)
        model(input_ids=input_ids, attention_mask=attention_mask)
    states, mask = seen[0].float(), attention_mask.unsqueeze(-1).float()
    if pooling == "mean":
        return (states * mask).sum(1) / mask.sum(1)
    if pooling == "first":
        return states[:, 0]
    return states[torch.arange(len(states), device=states.device), attention_mask.sum(1) - 1]
