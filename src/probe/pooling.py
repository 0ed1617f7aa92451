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
    kept = states.float().masked_fill(~mask[:, :, None], 0.0)
    return kept.sum(dim=1) / mask.sum(dim=1, dtype=torch.float32)[:, None]
