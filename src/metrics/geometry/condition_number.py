"""How unevenly a layer's samples stretch along their directions."""

import torch
from torch import Tensor

from src.metrics.shared.rows import Kind, Rows
from src.metrics.shared.shapes import Pooled, Scalar
from src.metrics.shared.strips import chosen
from src.metrics.shared.together import together

EXACT_BELOW = 1e-10  # s_min^2 / s_max^2: from here on the eigenvalues of inner products are too inexact


@together()
def condition_number(rows: Rows, kept: Tensor) -> Scalar:
    """s_max / (s_min + 1e-9) of the uncentred N x D matrix, over its min(N, D) singular values, as published.

    At least 1 up to the 1e-9, no unit. Invariant under rotation, scaling (up to the 1e-9) and the order of
    samples. NaN where s_min cannot be told from rounding (above some 1e12), as with samples that are equal
    or all zero: the published code then answers s_max * 1e9. DataError below 2 samples. Source: Zhao et al.
    2026 (arXiv 2604.11838, as coded).
    """
    squares = rows.spectrum(Kind.RAW, kept)
    smallest, largest = squares[0].sqrt(), squares[-1].sqrt()
    if squares[0] < EXACT_BELOW * squares[-1]:
        smallest, largest = _extremes(rows.pooled, kept)
    return torch.where(smallest > 0, largest / (smallest + 1e-9), torch.nan)


def _extremes(pooled: Pooled, kept: Tensor) -> tuple[Scalar, Scalar]:
    """Smallest and largest singular value without squares, which lose half of the digits; 0 for rounding."""
    width, found = pooled.shape[1], torch.empty(0, pooled.shape[1], dtype=torch.float64)
    for strip in chosen(pooled, kept):
        found = torch.cat([found, strip])
        if len(found) > width:  # the triangle of many rows has their singular values
            found = torch.linalg.qr(found, mode="r").R
    values = torch.linalg.svdvals(found)
    rounding = max(len(kept), width) * torch.finfo(torch.float64).eps * values[0]
    return torch.where(values[-1] > rounding, values[-1], 0.0), values[0]
