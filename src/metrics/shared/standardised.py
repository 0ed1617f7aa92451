"""Rows whose dimensions all vary alike."""

import torch

from src.metrics.shared.gram import ROUNDING
from src.metrics.shared.shapes import Pooled

STRIP = 64  # dimensions that are held in float64 at a time


def standardised(pooled: Pooled, like: Pooled | None = None) -> Pooled:
    """Every dimension minus its mean over samples, over its standard deviation; in the dtype given.

    A dimension that does not vary is 0 everywhere. Mean and deviation are those of `like`, where it is given.
    """
    others = (pooled if like is None else like).split(STRIP, dim=1)
    strips = zip(pooled.split(STRIP, dim=1), others, strict=True)
    return torch.cat([_standardised(some, other) for some, other in strips], dim=1)


def _standardised(pooled: Pooled, like: Pooled) -> Pooled:
    rows = like.double()
    mean = rows.mean(dim=0)
    variances = (rows - mean).square().mean(dim=0)
    varies = variances > ROUNDING * rows.square().mean(dim=0)
    deviations = pooled.double() - mean
    return (deviations * torch.where(varies, variances, torch.inf).rsqrt()).to(pooled.dtype)
