"""InfoNCE over the pairs of one batch."""

from collections.abc import Sequence

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn import functional

from src.data.encode import EncodedRow


def info_nce(
    first: Float[Tensor, "pair width"],
    second: Float[Tensor, "pair width"],
    same: Bool[Tensor, "pair pair"],
    temperature: float,
) -> Float[Tensor, ""]:
    """Cross-entropy in nats of finding each `first` vector's own `second` one, summed over the pairs.

    Scores are cosines divided by the temperature; the negatives are the second vectors of the other pairs of
    this batch, save those in `same`. One direction, first to second. Between 0 and a sum of
    log(pairs) + 2 / temperature. Source: van den Oord, Li and Vinyals (2018).
    """
    scores = functional.normalize(first, dim=-1) @ functional.normalize(second, dim=-1).T / temperature
    own = torch.arange(len(first), device=first.device)
    return functional.cross_entropy(scores.masked_fill(same, -torch.inf), own, reduction="sum")


def same_rows(rows: Sequence[EncodedRow]) -> Bool[Tensor, "pair pair"]:
    """Where another place of the batch holds the same row, as at the seam of two epochs: no negative."""
    ids = [row.id for row in rows]
    return torch.tensor([[i != j and ids[i] == ids[j] for j in range(len(ids))] for i in range(len(ids))])
