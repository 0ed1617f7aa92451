"""Entropy of a spectrum, in nats."""

import math

import torch

from src.config.rules import refuse
from src.metrics.shared.shapes import Scalar, Spectrum

CLAMP = 1e-10  # of the published code: smallest eigenvalue, and what is added to sums and inside logarithms
NORMALISATIONS = {
    "maxEntropy": lambda num_rows, width: math.log(min(num_rows, width)),
    "logN": lambda num_rows, _width: math.log(num_rows),
    "logD": lambda _num_rows, width: math.log(width),
    "logNlogD": lambda num_rows, width: math.log(num_rows) * math.log(width),
    "raw": lambda _num_rows, _width: 1.0,
}


def spectral_entropy(spectrum: Spectrum, alpha: float) -> Scalar:
    """Rényi entropy of order `alpha` of p = spectrum / sum(spectrum), in nats; alpha = 1 is Shannon's.

    Zeros count nothing (0 log 0 = 0). Range 0 to log of the number of values; the scale of the spectrum
    does not matter. NaN if the spectrum is all zero. With eigenvalues of a density matrix this is the
    matrix-based (von Neumann) entropy (Sanchez Giraldo, Rao and Principe 2015).
    """
    shares = spectrum / spectrum.sum()
    if alpha == 1:
        return -torch.special.xlogy(shares, shares).sum()
    return shares[shares != 0].pow(alpha).sum().log() / (1 - alpha)


def published_entropy(
    spectrum: Spectrum, num_rows: int, width: int, normalisation: str = "maxEntropy", alpha: float = 1.0
) -> Scalar:
    """Entropy of order `alpha` as the published code computes it, over one of the published normalisers.

    Eigenvalues are clamped at 1e-10, p = e / (sum(e) + 1e-10), -sum p log(p + 1e-10), or of another order
    than 1, as the published runs never asked, log(sum p^alpha + 1e-10) / (1 - alpha); 0 where the trace is
    below 1e-10 or the normaliser at most 1e-9. With N rows of D numbers, `normalisation` divides by
    log(min(N, D)) (maxEntropy: range 0 to 1 up to the clamps, no unit), log N (logN), log D (logD), log N *
    log D (logNlogD) or 1 (raw: nats). ConfigError for another name, where the published code takes
    maxEntropy.
    """
    if normalisation not in NORMALISATIONS:
        refuse("normalisation", normalisation, ", ".join(NORMALISATIONS))
    eigenvalues = spectrum.clamp(min=CLAMP)
    normaliser = NORMALISATIONS[normalisation](num_rows, width)
    if eigenvalues.sum() < CLAMP or normaliser <= 1e-9:
        return eigenvalues.new_zeros(())
    shares = eigenvalues / (eigenvalues.sum() + CLAMP)
    if alpha != 1:
        return (shares.pow(alpha).sum() + CLAMP).log() / (1 - alpha) / normaliser
    return -(shares * (shares + CLAMP).log()).sum() / normaliser
