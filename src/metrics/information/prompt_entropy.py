"""How diverse the tokens of one prompt are in a layer."""

import torch
from jaxtyping import Float
from torch import Tensor

from src.errors import DataError
from src.metrics.shared.entropy import published_entropy, spectral_entropy
from src.metrics.shared.gram import spectrum
from src.metrics.shared.shapes import Scalar, Spectrum, Tokens


def prompt_entropy(states: Tokens, alpha: float = 1.0) -> Scalar:
    """Matrix-based entropy of one prompt's token states: eigenvalues of HH^T / T, rows of length 1.

    `states` holds the T real tokens, no padding. Of order `alpha`: 1 is the von Neumann entropy. Range 0 to
    log(min(T, D)), nats; it grows with T, so compare layers on the same prompts. There is no ridge and the
    rows are not centred: with unit rows the trace is exactly T, and a prompt whose tokens all point one way
    has entropy 0. Invariant under rotation, scaling of single tokens and the order of tokens. The metric is
    the mean over prompts. NaN if every state is zero. DataError below 2 tokens. Source: Skean et al. 2025.
    """
    return spectral_entropy(_token_spectrum("prompt_entropy", states), alpha)


def prompt_entropy_paper(states: Tokens, alpha: float = 1.0, normalisation: str = "maxEntropy") -> Scalar:
    """Entropy of HH^T / D + 1e-6 I over log(min(T, D)), rows of length 1, as published, but without padding.

    The published code lets the padding on the right count as tokens. Range 0 to 1 up to the clamps, no
    unit. Invariant like `prompt_entropy`; the ridge makes it depend on D. DataError below 2 tokens. The
    other published normalisations: see `published_entropy`. Source: Zhao et al. 2026 (arXiv 2604.11838, as
    coded).
    """
    num_tokens, width = states.shape
    values = _token_spectrum("prompt_entropy_paper", states) / width + 1e-6
    return published_entropy(values, num_tokens, width, normalisation, alpha)


def _token_spectrum(name: str, states: Tokens) -> Spectrum:
    """Eigenvalues of HH^T with rows of length 1, one for every token."""
    if len(states) < 2:
        raise DataError(f"metric {name}: given a prompt of {len(states)} tokens; needed: at least 2 tokens")
    return spectrum(_unit_gram(states))


def _unit_gram(states: Tokens) -> Float[Tensor, "token token"]:
    """Inner products of the rows scaled to length 1, float64; a row of zeros stays zeros.

    Most of the work is done in the precision of the states, float32 at least. Tokens often point nearly one
    way; so only deviations from the mean direction are multiplied there, and what they all share is added in
    float64. The small eigenvalues keep their digits this way, and the entropy its own, to 1e-4 at worst.
    """
    rows = states if states.dtype == torch.float64 else states.float()
    lengths = rows.double().norm(dim=1, keepdim=True)
    rows = rows * torch.where(lengths > 0, 1 / lengths, 0.0).to(rows.dtype)
    mean = rows.mean(dim=0)
    deviations = rows - mean
    shared = (deviations @ mean).double()
    matrix = (deviations @ deviations.T).double()
    return matrix + shared[None, :] + (shared + mean.double().square().sum())[:, None]
