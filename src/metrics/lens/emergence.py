"""From which layer on the right token is as good as said."""

import torch
from jaxtyping import Float
from torch import Tensor

from src.metrics.lens.logit_lens import LogProbabilities, PerPosition, Targets, of_targets
from src.metrics.shared.shapes import PerSample

SHARE, LEAST = 0.5, 2.0  # of the last layer's probability; times that of guessing


def lens_emerged(log_probabilities: LogProbabilities, targets: Targets) -> PerPosition:
    """1 from the emergence layer of the token that follows on, 0 below it; first completion tokens alone.

    The emergence layer is the first from which on the token's probability stays at half of what layer L gives
    it or above. As a mean the share of rows whose token has emerged. Range 0 to 1, no unit; 1 at layer L.
    Rows whose token has less than twice the probability of a guess at layer L (2 / vocabulary) have none and
    are left out. Invariant under a shift of all logits of a position. Source: nostalgebraist 2020 (logit
    lens; the rule is ours).
    """
    probabilities = of_targets(log_probabilities, targets).exp()
    layers = emergence_layer(probabilities, log_probabilities.shape[-1])
    emerged = torch.arange(len(probabilities), device=layers.device)[:, None] >= layers
    return emerged.to(probabilities.dtype).where(~layers.isnan(), torch.nan)


def emergence_layer(probabilities: Float[Tensor, "layer sample"], vocabulary: int) -> PerSample:
    """The first layer from which on a probability stays at half of its last one; NaN where there is none.

    Args:
        probabilities: of the right token at layers 0..L.
        vocabulary: how many tokens there are to guess among.
    """
    last = probabilities[-1]
    stays = (probabilities >= SHARE * last).flip(0).cumprod(dim=0).sum(dim=0)
    layer = (len(probabilities) - stays).to(torch.float64)
    return layer.where(last >= LEAST / vocabulary, torch.nan)
