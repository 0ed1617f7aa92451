"""Tells by looking whether rows that lie one behind the other in one row still see themselves alone."""

import inspect

import torch
from torch import Tensor
from transformers import PreTrainedModel

from src.errors import ModelError
from src.model.trunk import token_table
from src.runtime.seeding import generator

LENGTHS = (5, 3, 6)
_ROUNDING = 8  # steps of the dtype between a row alone and the same row behind others


@torch.no_grad()
def check_packing(model: PreTrainedModel) -> None:
    """Refuse a model in which packed rows read each other; a row is told by positions that begin anew.

    Raises:
        ModelError: with the reason.
    """
    name, accepted = type(model).__name__, "accepted: false, or train.group_by_length=true against padding"
    if "position_ids" not in inspect.signature(model.forward).parameters:
        raise ModelError(
            f"train.packing: {name} is told no positions, so that one row would go on in the next; {accepted}"
        )
    was_training = model.training
    model.eval()
    try:
        alone, together = _outputs(model)
    finally:
        model.train(was_training)
    largest, apart = alone.abs().max().item(), (alone - together).abs().max().item()
    if not apart <= max(1e-4, _ROUNDING * torch.finfo(alone.dtype).eps) * largest:
        raise ModelError(f"train.packing: rows that are packed read each other in {name}; {accepted}")


def _outputs(model: PreTrainedModel) -> tuple[Tensor, Tensor]:
    """Outputs [token, feature] of some rows, each by itself, and all of them packed."""
    table = token_table(model)
    ids = torch.randperm(len(table), generator=generator(0, "packing"))[: sum(LENGTHS)].to(table.device)
    alone = [model(input_ids=row[None])[0][0] for row in ids.split(LENGTHS)]
    positions = torch.cat([torch.arange(length, device=ids.device) for length in LENGTHS])
    together = model(input_ids=ids[None], position_ids=positions[None])[0][0]
    return torch.cat(alone), together
