"""One form for every batch: real tokens first, padding on the right, no column of padding only."""

from collections.abc import Mapping

import torch
from jaxtyping import Bool, Int
from torch import Tensor

from src.errors import DataError

Ids = Int[Tensor, "batch token"]
Mask = Bool[Tensor, "batch token"]


def right_padded(batch: Mapping[str, Tensor]) -> tuple[Ids, Mask]:
    """The ids and the mask of a batch with its padding moved to the right.

    Positions then start at the first real token for every architecture, and a recurrent model does not read
    padding before the text.

    Args:
        batch: input_ids and attention_mask, both [batch, token]; padding may be on either side.

    Raises:
        DataError: a row has no token at all.
    """
    ids, mask = batch["input_ids"], batch["attention_mask"].bool()
    lengths = mask.sum(dim=1)
    if not lengths.all():
        row = int((lengths == 0).nonzero()[0])
        raise DataError(
            f"probe rows: given a row without tokens (row {row} of its batch); needed: at least one"
        )
    order = torch.argsort(~mask, dim=1, stable=True)[:, : int(lengths.max())]
    return ids.gather(1, order), mask.gather(1, order)
