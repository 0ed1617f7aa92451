"""Which share of the possible directions a layer's samples hardly use."""

from torch import Tensor

from src.metrics.shared.rows import Kind, Rows
from src.metrics.shared.shapes import Scalar
from src.metrics.shared.together import together

THRESHOLD = 0.01


@together()
def rank_deficiency(rows: Rows, kept: Tensor) -> Scalar:
    """1 - #{s > 0.01 s_max} / min(N, D), s the singular values of the uncentred matrix, as published.

    Range 0 to 1 - 1 / min(N, D), no unit, in steps of 1 / min(N, D). Invariant under rotation, isotropic
    scaling and the order of samples. A long mean vector raises s_max and with it the number. NaN where
    every vector is zero. DataError without samples. Source: Zhao et al. 2026 (arXiv 2604.11838, as coded).
    """
    squares = rows.spectrum(Kind.RAW, kept)
    shares = squares / squares[-1]  # NaN, and so is the result, where all are 0
    used = (shares > THRESHOLD**2).to(shares.dtype) + 0 * shares
    return 1 - used.mean()
