"""Which share of a prompt's hidden state entries is close to nothing."""

from src.errors import DataError
from src.metrics.shared.shapes import Scalar, Tokens

THRESHOLD = 0.01


def sparsity(states: Tokens) -> Scalar:
    """Share of entries with |h| < 0.01 times the largest |h| of the same token, over the tokens of a prompt.

    `states` holds the real tokens, no padding. Range 0 to 1 - 1 / D, no unit. Invariant under scaling of
    single tokens, the order of tokens and of dimensions; not under rotation. A token of huge entries counts
    for itself only. Tokens of zeros are left out; NaN where none is left. DataError without tokens. Source:
    Zhao et al. 2026 (arXiv 2604.11838; the maximum of each token is ours).
    """
    _check(states, "sparsity")
    sizes = states.abs().float()  # in 16 bits the threshold itself would be rounded
    largest = sizes.amax(dim=1, keepdim=True)
    small = (sizes < THRESHOLD * largest).sum(dim=1).double() / sizes.shape[1]
    return small[largest.squeeze(1) > 0].mean()


def sparsity_paper(states: Tokens) -> Scalar:
    """Share of entries with |h| < 0.01 max|h| of the whole prompt; the published threshold, row by row.

    The published code takes the maximum over a batch of prompts, padding included, so that the number of
    one prompt depends on its neighbours; here each prompt has its own maximum. One token with huge entries
    makes all others look sparse. Range 0 to 1 - 1 / (T D), no unit. Invariant under isotropic scaling and
    the order of tokens. NaN where every state is zero. DataError without tokens. Source: Zhao et al. 2026
    (arXiv 2604.11838, as coded).
    """
    _check(states, "sparsity_paper")
    sizes = states.abs().float()
    largest = sizes.max()
    small = (sizes < THRESHOLD * largest).sum().double() / sizes.numel()
    return small if largest > 0 else small * float("nan")


def _check(states: Tokens, name: str) -> None:
    if not len(states):
        raise DataError(f"metric {name}: given a prompt of 0 tokens; needed: at least 1 tokens")
