"""From token states to one vector a sample."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

States = Float[Tensor, "batch token width"]
Mask = Bool[Tensor, "batch token"]
Vectors = Float[Tensor, "batch width"]


def masked_mean(states: States, mask: Mask) -> Vectors:
    """Mean of the states over the tokens where `mask` is true, summed in float32.

    What stands at masked places does not matter, be it inf or NaN. NaN for a row without tokens.
    """
    counts = mask.sum(dim=1, dtype=torch.float32)[:, None]
    sums = torch.bmm(mask[:, None, :].float(), states.float())[:, 0]
    if not sums.isfinite().all():  # a product with 0 keeps inf and NaN, which may stand at masked places
        sums = states.float().masked_fill(~mask[:, :, None], 0.0).sum(dim=1)
    return sums / counts
