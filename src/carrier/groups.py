"""The mask vectors of a block: which of them stand over the rows and the columns of each linear layer."""

from dataclasses import dataclass

from torch import Tensor

from src.errors import ModelError

ATTENTION, FEED_FORWARD = "attention", "feed_forward"
READ, WRITE, QUERY, KEY, VALUE, HIDDEN = "read", "write", "query", "key", "value", "hidden"
ROLES = {
    "q_proj": (ATTENTION, QUERY, READ),
    "k_proj": (ATTENTION, KEY, READ),
    "v_proj": (ATTENTION, VALUE, READ),
    "o_proj": (ATTENTION, WRITE, VALUE),
    "out_proj": (ATTENTION, WRITE, VALUE),
    "gate_proj": (FEED_FORWARD, HIDDEN, READ),
    "up_proj": (FEED_FORWARD, HIDDEN, READ),
    "fc1": (FEED_FORWARD, HIDDEN, READ),
    "down_proj": (FEED_FORWARD, WRITE, HIDDEN),
    "fc2": (FEED_FORWARD, WRITE, HIDDEN),
}
"""Last part of a layer's name: its half of the block, the vector over its outputs, that over its inputs."""
Group = tuple[int, str, str]
"""Block, half of it, vector."""


@dataclass(frozen=True)
class Sides:
    """The mask vectors of one layer."""

    row: Group
    """Over its outputs."""
    column: Group
    """Over its inputs."""
    head_size: int | None = None
    """Of attention's output layer: the values of a head, which several query heads may share."""

    def over_inputs(self, mask: Tensor, num_inputs: int) -> Tensor:
        """The column mask [input] of a mask vector; a value head's part comes once for each query head."""
        if self.head_size is None or len(mask) == num_inputs:
            return mask
        heads = mask.view(-1, self.head_size)
        return heads.repeat_interleave(num_inputs // len(mask), dim=0).flatten()


def sides_of(block: int, name: str, head_size: int) -> Sides:
    """Which vectors a layer has.

    Args:
        block: its block.
        name: its dotted name.
        head_size: values of an attention head.

    Raises:
        ModelError: a layer of another name, such as one that makes query, key and value at once.
    """
    last = name.rsplit(".", 1)[-1]
    if last not in ROLES:
        raise ModelError(
            f"carrier: given an update of {name}; accepted: of layers that end in {', '.join(ROLES)}"
        )
    half, row, column = ROLES[last]
    return Sides((block, half, row), (block, half, column), head_size if column == VALUE else None)
