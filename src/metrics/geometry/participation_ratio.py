"""How many directions carry the variance of a layer."""

from src.metrics.catalog import check_samples
from src.metrics.shared.rows import Kind, Rows
from src.metrics.shared.shapes import Pooled, Scalar, Spectrum, Statistic


def participation_ratio(pooled: Pooled) -> Scalar:
    """(sum e)^2 / sum e^2 of the eigenvalues e of the covariance of the samples.

    Range 1 to min(N - 1, D), a number of directions; D where the covariance is the identity. It grows with
    N, so compare at equal N. Invariant under rotation, shift, isotropic scaling and the order of samples.
    NaN where the samples do not vary. DataError below 2 samples. Source: Gao et al. 2017.
    """
    check_samples("participation_ratio", len(pooled))
    return _ratio(Rows(pooled).spectrum(Kind.CENTRED))


def participation_ratio_statistic(rows: Rows) -> Statistic:
    """`participation_ratio` as a function of the kept samples."""
    return lambda kept: _ratio(rows.spectrum(Kind.CENTRED, kept)).item()


def _ratio(values: Spectrum) -> Scalar:
    return values.sum().square() / values.square().sum()
