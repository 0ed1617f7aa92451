"""How many directions the representations of a layer use."""

from torch import Tensor

from src.metrics.shared.entropy import spectral_entropy
from src.metrics.shared.rows import Kind, Rows
from src.metrics.shared.shapes import Scalar
from src.metrics.shared.together import together


@together()
def effective_rank(rows: Rows, kept: Tensor) -> Scalar:
    """Exponential of the entropy of s / sum(s), s the singular values of the column-centred matrix.

    Range 1 to min(N - 1, D), a number of directions; it grows with N, so compare at equal N. Invariant
    under rotation, shift, isotropic scaling and the order of samples. NaN where the samples do not vary.
    DataError below 2 samples. Source: Roy and Vetterli 2007 (centring is ours).
    """
    return spectral_entropy(rows.spectrum(Kind.CENTRED, kept).sqrt(), alpha=1.0).exp()


@together()
def effective_rank_paper(rows: Rows, kept: Tensor) -> Scalar:
    """Published form: exp(-sum p log(p + 1e-9)) / min(N, D) with p = s^2 / sum(s^2 + 1e-9), uncentred.

    Range 1 / min(N, D) to 1 up to the added constants, no unit. Squares and the mean vector make it lower
    than `effective_rank` suggests. Invariant under rotation and the order of samples. 1 / min(N, D) for a
    matrix of zeros. DataError without samples. Source: Zhao et al. 2026 (arXiv 2604.11838, as coded).
    """
    squares = rows.spectrum(Kind.RAW, kept)
    shares = squares / (squares + 1e-9).sum()
    return (-(shares * (shares + 1e-9).log()).sum()).exp() / len(squares)
