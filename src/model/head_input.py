"""The output head reads whole matrices: a slice of states costs it a copy of its weights for every row.

torch multiplies a slice such as `states[:, -1:]` row by row, each with a copy of the weights of its own. In
bfloat16 on a CPU that takes the 0.4 GiB of a head of 1B for each row, and some hundred times as long. The
first token of every generated answer is read from such a slice.
"""

import torch
from torch import Tensor
from transformers import PreTrainedModel


def read_whole(model: PreTrainedModel) -> None:
    """Copy what enters the output head wherever it is a slice of other states; the states are small."""
    head = model.get_output_embeddings()
    if head is not None:
        head.register_forward_pre_hook(_whole)


def _whole(_: torch.nn.Module, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """Inputs of a head that is called by keyword are none of these, and stay as they are."""
    if not inputs or inputs[0].stride() == torch.empty(inputs[0].shape, device="meta").stride():
        return inputs
    return inputs[0].clone(memory_format=torch.contiguous_format), *inputs[1:]
