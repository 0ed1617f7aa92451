"""Rows whose dimensions all vary alike."""

import torch

from src.metrics.shared.gram import ROUNDING
from src.metrics.shared.shapes import Pooled

STRIP = 64  # dimensions that are held in float64 at a time


def standardised(pooled: Pooled) -> Pooled:
    """Every dimension minus its mean over samples, over its standard deviation; in the dtype given.

    A dimension that does not vary is 0 everywhere.
    """
    return torch.cat([_standardised(some) for some in pooled.split(STRIP, dim=1)], dim=1)


def _standardised(pooled: Pooled) -> Pooled:
    rows = pooled.double()
    deviations = rows - rows.mean(dim=0)
    variances = deviations.square().mean(dim=0)
    varies = variances > ROUNDING * rows.square().mean(dim=0)
    return (deviations * torch.where(varies, variances, torch.inf).rsqrt()).to(pooled.dtype)
