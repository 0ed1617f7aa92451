"""How diverse the samples of a data set are in a layer: entropy over the pooled vectors."""

from src.metrics.catalog import check_samples
from src.metrics.entropy import published_entropy, spectral_entropy
from src.metrics.gram import centred_gram, double_centred, gram, kept_part, spectrum, unit_rows
from src.metrics.shapes import Gram, Pooled, Scalar, Statistic


def dataset_entropy(pooled: Pooled, alpha: float = 1.0) -> Scalar:
    """Matrix-based entropy of order `alpha` of the centred samples: eigenvalues of XX^T / trace.

    Columns are centred, then rows are scaled to length 1; alpha = 1 is the von Neumann entropy. Range 0 to
    log(min(N - 1, D)), nats. Without centring the mean vector, which all samples share, would be most of
    the spectrum. Invariant under rotation, shift, isotropic scaling and the order of samples. NaN where the
    samples do not vary. DataError below 2 samples. Source: Sanchez Giraldo, Rao and Principe 2015; Skean et
    al. 2025 (on layers; centring is ours).
    """
    check_samples("dataset_entropy", len(pooled))
    return dataset_entropy_of_gram(centred_gram(pooled), alpha)


def dataset_entropy_paper(pooled: Pooled) -> Scalar:
    """Entropy over log(min(N, D)) of uncentred rows scaled to length 1, as published.

    The spectrum is that of XX^T / D + 1e-6 I, or of X^T X, without ridge, where N > D. Range 0 to 1 up to
    the clamps, no unit. Invariant under rotation, scaling of single rows and the order of samples. 0 for
    one sample. DataError without samples.
    """
    check_samples("dataset_entropy_paper", len(pooled))
    return dataset_entropy_paper_of_gram(gram(pooled), pooled.shape[1])


def dataset_entropy_of_gram(matrix: Gram, alpha: float = 1.0) -> Scalar:
    """`dataset_entropy` of a Gram matrix, centred or not."""
    return spectral_entropy(spectrum(unit_rows(double_centred(matrix))), alpha)


def dataset_entropy_paper_of_gram(matrix: Gram, width: int) -> Scalar:
    """`dataset_entropy_paper` of an uncentred Gram matrix of rows of `width` numbers."""
    num_samples = len(matrix)
    values = spectrum(unit_rows(matrix))
    published = values[-width:] if num_samples > width else values / width + 1e-6
    return published_entropy(published, num_samples, width)


def dataset_entropy_statistic(pooled: Pooled) -> Statistic:
    """`dataset_entropy` of order 1 as a function of the kept samples."""
    matrix = centred_gram(pooled)
    return lambda kept: dataset_entropy_of_gram(kept_part(matrix, kept)).item()


def dataset_entropy_paper_statistic(pooled: Pooled) -> Statistic:
    """`dataset_entropy_paper` as a function of the kept samples."""
    matrix, width = gram(pooled), pooled.shape[1]
    return lambda kept: dataset_entropy_paper_of_gram(kept_part(matrix, kept), width).item()
