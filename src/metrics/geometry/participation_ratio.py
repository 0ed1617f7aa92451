"""How many directions carry the variance of a layer."""

from torch import Tensor

from src.metrics.shared.rows import Kind, Rows
from src.metrics.shared.shapes import Scalar
from src.metrics.shared.together import together


@together()
def participation_ratio(rows: Rows, kept: Tensor) -> Scalar:
    """(sum e)^2 / sum e^2 of the eigenvalues e of the covariance of the samples.

    Range 1 to min(N - 1, D), a number of directions; D where the covariance is the identity. It grows with
    N, so compare at equal N. Invariant under rotation, shift, isotropic scaling and the order of samples.
    NaN where the samples do not vary. DataError below 2 samples. Source: Gao et al. 2017.
    """
    values = rows.spectrum(Kind.CENTRED, kept)
    return values.sum().square() / values.square().sum()
