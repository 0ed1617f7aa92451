"""Send only chosen positions through the output head.

At a prompt share of 60 % the head's share of a step falls by the same 60 %. The choice is made in front of
the head module, so whatever a family does after its head (scaling, soft-capping) stays the family's own.
Positions are places in the batch and no mask: a GPU would have to be asked how many a mask holds.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from jaxtyping import Float, Int
from torch import Tensor, nn

from src.model.trunk import base_of

_READ = ("input_ids", "attention_mask", "position_ids")


@contextmanager
def head_positions(head: nn.Module, places: Int[Tensor, " chosen"]) -> Iterator[None]:
    """Within the block, `head` sees the chosen positions as one row: [1, num_chosen, width].

    `places` count the positions of [row, token] in row-major order.
    """

    def select(_: nn.Module, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        hidden_states, *rest = inputs
        return (hidden_states.flatten(0, 1)[places].unsqueeze(0), *rest)

    handle = head.register_forward_pre_hook(select)
    try:
        yield
    finally:
        handle.remove()


def chosen_logits(
    model: nn.Module, batch: Mapping[str, Tensor], places: Int[Tensor, " chosen"]
) -> Float[Tensor, "chosen vocabulary"]:
    """Logits at the chosen positions, as `head_positions` counts them.

    A model without a head module of its own computes all logits, and they are chosen afterwards.

    Args:
        model: with an output head.
        batch: input_ids [row, token], and attention_mask or position_ids of the same shape.
        places: of [row, token].
    """
    inputs = {key: batch[key] for key in _READ if key in batch}
    head = base_of(model).get_output_embeddings()
    if head is None:
        return model(**inputs).logits.flatten(0, 1)[places]
    with head_positions(head, places):
        logits = model(**inputs).logits
    if logits.shape[:2] == (1, len(places)):
        return logits[0]
    return logits.flatten(0, 1)[places]  # the head module was passed by: its weight was used directly
