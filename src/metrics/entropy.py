"""Entropy of a spectrum, in nats."""

import math

import torch

from src.metrics.shapes import Scalar, Spectrum

CLAMP = 1e-10  # of the published code: smallest eigenvalue, and what is added to sums and inside logarithms


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


def published_entropy(spectrum: Spectrum, num_rows: int, width: int) -> Scalar:
    """Order-1 entropy as the published code computes it, over log(min(num_rows, width)).

    Eigenvalues are clamped at 1e-10, p = e / (sum(e) + 1e-10), -sum p log(p + 1e-10); 0 where the trace is
    below 1e-10 or where the logarithm of the smaller dimension is 0. Range 0 to 1 up to the clamps, no
    unit.
    """
    eigenvalues = spectrum.clamp(min=CLAMP)
    largest = math.log(min(num_rows, width))
    if eigenvalues.sum() < CLAMP or largest <= 1e-9:
        return eigenvalues.new_zeros(())
    shares = eigenvalues / (eigenvalues.sum() + CLAMP)
    return -(shares * (shares + CLAMP).log()).sum() / largest
