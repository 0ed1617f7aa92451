"""How diverse the samples of a data set are in a layer: entropy over the pooled vectors."""

from torch import Tensor

from src.metrics.catalog import check_samples
from src.metrics.shared.entropy import published_entropy, spectral_entropy
from src.metrics.shared.rows import Kind, Rows
from src.metrics.shared.shapes import Pooled, Scalar, Spectrum, Statistic


def dataset_entropy(pooled: Pooled, alpha: float = 1.0) -> Scalar:
    """Matrix-based entropy of order `alpha` of the centred samples: eigenvalues of XX^T / trace.

    Columns are centred, then rows are scaled to length 1; alpha = 1 is the von Neumann entropy. Range 0 to
    log(min(N - 1, D)), nats. Without centring the mean vector, which all samples share, would be most of
    the spectrum. Invariant under rotation, shift, isotropic scaling and the order of samples. NaN where the
    samples do not vary. DataError below 2 samples. Source: Sanchez Giraldo, Rao and Principe 2015; Skean et
    al. 2025 (on layers; centring is ours).
    """
    check_samples("dataset_entropy", len(pooled))
    return spectral_entropy(Rows(pooled).spectrum(Kind.CENTRED_UNIT), alpha)


def dataset_entropy_paper(pooled: Pooled, alpha: float = 1.0, normalisation: str = "maxEntropy") -> Scalar:
    """Entropy over log(min(N, D)) of uncentred rows scaled to length 1, as published.

    The spectrum is that of XX^T / D + 1e-6 I, or of X^T X, without ridge, where N > D. Range 0 to 1 up to
    the clamps, no unit. Invariant under rotation, scaling of single rows and the order of samples. 0 for
    one sample. DataError without samples. The other published normalisations: see `published_entropy`.
    Source: Zhao et al. 2026 (arXiv 2604.11838, as coded).
    """
    check_samples("dataset_entropy_paper", len(pooled))
    rows = Rows(pooled)
    return _paper(rows.spectrum(Kind.UNIT), len(rows), rows.width, alpha, normalisation)


def dataset_entropy_statistic(rows: Rows, alpha: float = 1.0) -> Statistic:
    """`dataset_entropy` as a function of the kept samples."""
    return lambda kept: spectral_entropy(rows.spectrum(Kind.CENTRED_UNIT, kept), alpha).item()


def dataset_entropy_paper_statistic(
    rows: Rows, alpha: float = 1.0, normalisation: str = "maxEntropy"
) -> Statistic:
    """`dataset_entropy_paper` as a function of the kept samples."""

    def entropy(kept: Tensor) -> float:
        return _paper(rows.spectrum(Kind.UNIT, kept), len(kept), rows.width, alpha, normalisation).item()

    return entropy


def _paper(values: Spectrum, num_samples: int, width: int, alpha: float, normalisation: str) -> Scalar:
    """The published entropy of the spectrum of rows of length 1."""
    published = values if num_samples > width else values / width + 1e-6
    return published_entropy(published, num_samples, width, normalisation, alpha)
