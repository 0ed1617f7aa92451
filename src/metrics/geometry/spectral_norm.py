"""How strongly a layer's samples pull in their common direction."""

from src.metrics.catalog import check_samples
from src.metrics.shared.rows import Kind, Rows
from src.metrics.shared.shapes import Pooled, Scalar, Spectrum, Statistic


def spectral_norm(pooled: Pooled) -> Scalar:
    """Largest singular value of the uncentred N x D matrix of pooled vectors, as published.

    At least 0, in the unit of the hidden states; it grows like sqrt(N) and mostly measures the mean vector,
    so compare at equal N. Invariant under rotation and the order of samples. 0 only where every vector is
    zero. DataError without samples. Source: Zhao et al. 2026 (arXiv 2604.11838, as coded).
    """
    check_samples("spectral_norm", len(pooled))
    return _largest(Rows(pooled).spectrum(Kind.RAW))


def spectral_norm_statistic(rows: Rows) -> Statistic:
    """`spectral_norm` as a function of the kept samples."""
    return lambda kept: _largest(rows.spectrum(Kind.RAW, kept)).item()


def _largest(squares: Spectrum) -> Scalar:
    return squares[-1].sqrt()
