"""How unevenly a layer's samples stretch along their directions."""

import torch

from src.metrics.catalog import check_samples
from src.metrics.rows import Kind, Rows
from src.metrics.shapes import Pooled, Scalar, Spectrum, Statistic


def condition_number(pooled: Pooled) -> Scalar:
    """s_max / (s_min + 1e-9) of the uncentred N x D matrix, over its min(N, D) singular values, as published.

    At least 1 up to the 1e-9, no unit. Invariant under rotation, scaling (up to the 1e-9) and the order of
    samples. NaN where s_min cannot be told from rounding, as with samples that are equal or all zero: the
    published code then answers s_max * 1e9. DataError below 2 samples.
    """
    check_samples("condition_number", len(pooled))
    return _condition(Rows(pooled).spectrum(Kind.RAW))


def condition_number_statistic(rows: Rows) -> Statistic:
    """`condition_number` as a function of the kept samples."""
    return lambda kept: _condition(rows.spectrum(Kind.RAW, kept)).item()


def _condition(squares: Spectrum) -> Scalar:
    smallest = squares[0].sqrt()
    return torch.where(smallest > 0, squares[-1].sqrt() / (smallest + 1e-9), torch.nan)
