"""Gram matrices, sample by sample, in float64; what rounding leaves over is set to zero.

Metrics that are functions of a Gram matrix are cheap to compute again without some samples: leaving
samples out leaves rows and columns out.
"""

import torch
from torch import Tensor

from src.metrics.shared.shapes import Gram, Pooled, Spectrum

ROUNDING = 1e-13  # relative; below it, a difference of float64 products is rounding and not data


def gram(rows: Pooled) -> Gram:
    """Inner products of the rows, float64."""
    rows = rows.double()
    return rows @ rows.T


def centred_gram(rows: Pooled) -> Gram:
    """Inner products of the rows minus their mean, float64. A mean far from 0 costs no digits this way."""
    rows = rows.double()
    deviations = rows - rows.mean(dim=0)
    return deviations @ deviations.T


def kept_part(matrix: Gram, kept: Tensor) -> Tensor:
    """Rows and columns of the kept samples."""
    return matrix[kept][:, kept]


def double_centred(matrix: Gram) -> Gram:
    """The Gram matrix of the same rows after their mean was subtracted; all zero if the rows are equal."""
    rows = matrix.mean(dim=0)
    centred = matrix - rows[None, :] - rows[:, None] + rows.mean()
    return centred if centred.trace() > ROUNDING * matrix.trace() else torch.zeros_like(centred)


def unit_rows(matrix: Gram) -> Gram:
    """The Gram matrix of the same rows scaled to length 1; a row of zeros stays one.

    A row about 3 million times shorter than the longest is what centring leaves of zeros, and counts as
    zeros.
    """
    squared = matrix.diagonal()
    lengths = torch.where(squared > ROUNDING * squared.max(), squared, torch.inf).sqrt()
    return matrix / lengths[None, :] / lengths[:, None]


def spectrum(matrix: Gram) -> Spectrum:
    """Eigenvalues, ascending; those that are rounding are exactly 0, none is negative."""
    eigenvalues = torch.linalg.eigvalsh(matrix)
    rounding = len(eigenvalues) * torch.finfo(eigenvalues.dtype).eps * eigenvalues[-1]
    return torch.where(eigenvalues > rounding, eigenvalues, 0.0)
