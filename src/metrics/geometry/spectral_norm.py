"""How strongly a layer's samples pull in their common direction."""

from torch import Tensor

from src.metrics.shared.rows import Kind, Rows
from src.metrics.shared.shapes import Scalar
from src.metrics.shared.together import together


@together()
def spectral_norm(rows: Rows, kept: Tensor) -> Scalar:
    """Largest singular value of the uncentred N x D matrix of pooled vectors, as published.

    At least 0, in the unit of the hidden states; it grows like sqrt(N) and mostly measures the mean vector,
    so compare at equal N. Invariant under rotation and the order of samples. 0 only where every vector is
    zero. DataError without samples. Source: Zhao et al. 2026 (arXiv 2604.11838, as coded).
    """
    return rows.spectrum(Kind.RAW, kept)[-1].sqrt()
