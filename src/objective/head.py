"""Send only chosen positions through the output head.

At a prompt share of 60 % the head's share of a step falls by the same 60 %. The choice is made in front of
the head module, so whatever a family does after its head (scaling, soft-capping) stays the family's own.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from src.model.trunk import base_of


@contextmanager
def head_positions(head: nn.Module, chosen: Bool[Tensor, "row token"]) -> Iterator[None]:
    """Within the block, `head` sees the chosen positions as one row: [1, num_chosen, width]."""

    def select(_: nn.Module, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        hidden_states, *rest = inputs
        return (hidden_states[:, : chosen.shape[1]][chosen].unsqueeze(0), *rest)

    handle = head.register_forward_pre_hook(select)
    try:
        yield
    finally:
        handle.remove()


def chosen_logits(
    model: nn.Module,
    input_ids: Int[Tensor, "row token"],
    attention_mask: Int[Tensor, "row token"],
    chosen: Bool[Tensor, "row position"],
) -> Float[Tensor, "chosen vocabulary"]:
    """Logits at the chosen positions, in row-major order.

    `chosen` may cover fewer positions than `input_ids` has (the last one predicts nothing).
    A model without a head module of its own computes all logits, and they are chosen afterwards.
    """
    head = base_of(model).get_output_embeddings()
    if head is None:
        logits = model(input_ids=input_ids, attention_mask=attention_mask).logits
        return logits[:, : chosen.shape[1]][chosen]
    with head_positions(head, chosen):
        logits = model(input_ids=input_ids, attention_mask=attention_mask).logits
    if logits.shape[0] == 1 and logits.shape[1] == int(chosen.sum()):
        return logits[0]
    return logits[:, : chosen.shape[1]][chosen]  # the head module was passed by: its weight was used directly
