"""How diverse the samples of a data set are in a layer: entropy over the pooled vectors."""

from torch import Tensor

from src.metrics.shared.entropy import published_entropy, spectral_entropy
from src.metrics.shared.rows import Kind, Rows
from src.metrics.shared.shapes import Scalar
from src.metrics.shared.together import together


@together()
def dataset_entropy(rows: Rows, kept: Tensor, alpha: float = 1.0) -> Scalar:
    """Matrix-based entropy of order `alpha` of the centred samples: eigenvalues of XX^T / trace.

    Columns are centred, then rows are scaled to length 1; alpha = 1 is the von Neumann entropy. Range 0 to
    log(min(N - 1, D)), nats. Without centring the mean vector, which all samples share, would be most of
    the spectrum. Invariant under rotation, shift, isotropic scaling and the order of samples. NaN where the
    samples do not vary. DataError below 2 samples. Source: Sanchez Giraldo, Rao and Principe 2015; Skean et
    al. 2025 (on layers; centring is ours).
    """
    return spectral_entropy(rows.spectrum(Kind.CENTRED_UNIT, kept), alpha)


@together()
def dataset_entropy_paper(
    rows: Rows, kept: Tensor, alpha: float = 1.0, normalisation: str = "maxEntropy"
) -> Scalar:
    """Entropy over log(min(N, D)) of uncentred rows scaled to length 1, as published.

    The spectrum is that of XX^T / D + 1e-6 I, or of X^T X, without ridge, where N > D. Range 0 to 1 up to
    the clamps, no unit. Invariant under rotation, scaling of single rows and the order of samples. 0 for
    one sample. DataError without samples. The other published normalisations: see `published_entropy`.
    Source: Zhao et al. 2026 (arXiv 2604.11838, as coded).
    """
    values, num_samples = rows.spectrum(Kind.UNIT, kept), len(kept)
    published = values if num_samples > rows.width else values / rows.width + 1e-6
    return published_entropy(published, num_samples, rows.width, normalisation, alpha)
