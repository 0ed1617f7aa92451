"""How many directions the representations of a layer use."""

from src.metrics.catalog import check_samples
from src.metrics.entropy import spectral_entropy
from src.metrics.gram import centred_gram, double_centred, gram, kept_part, spectrum
from src.metrics.shapes import Gram, Pooled, Scalar, Statistic


def effective_rank(pooled: Pooled) -> Scalar:
    """Exponential of the entropy of s / sum(s), s the singular values of the column-centred matrix.

    Range 1 to min(N - 1, D), a number of directions; it grows with N, so compare at equal N. Invariant
    under rotation, shift, isotropic scaling and the order of samples. NaN where the samples do not vary.
    DataError below 2 samples. Source: Roy and Vetterli 2007 (centring is ours).
    """
    check_samples("effective_rank", len(pooled))
    return effective_rank_of_gram(centred_gram(pooled))


def effective_rank_paper(pooled: Pooled) -> Scalar:
    """Published form: exp(-sum p log(p + 1e-9)) / min(N, D) with p = s^2 / sum(s^2 + 1e-9), uncentred.

    Range 1 / min(N, D) to 1 up to the added constants, no unit. Squares and the mean vector make it lower
    than `effective_rank` suggests. Invariant under rotation and the order of samples. 1 / min(N, D) for a
    matrix of zeros. DataError without samples.
    """
    check_samples("effective_rank_paper", len(pooled))
    return effective_rank_paper_of_gram(gram(pooled), pooled.shape[1])


def effective_rank_of_gram(matrix: Gram) -> Scalar:
    """`effective_rank` of a Gram matrix, centred or not."""
    return spectral_entropy(spectrum(double_centred(matrix)).sqrt(), alpha=1.0).exp()


def effective_rank_paper_of_gram(matrix: Gram, width: int) -> Scalar:
    """`effective_rank_paper` of an uncentred Gram matrix of rows of `width` numbers."""
    num_values = min(len(matrix), width)
    squares = spectrum(matrix)[-num_values:]
    shares = squares / (squares + 1e-9).sum()
    return (-(shares * (shares + 1e-9).log()).sum()).exp() / num_values


def effective_rank_statistic(pooled: Pooled) -> Statistic:
    """`effective_rank` as a function of the kept samples."""
    matrix = centred_gram(pooled)
    return lambda kept: effective_rank_of_gram(kept_part(matrix, kept)).item()


def effective_rank_paper_statistic(pooled: Pooled) -> Statistic:
    """`effective_rank_paper` as a function of the kept samples."""
    matrix, width = gram(pooled), pooled.shape[1]
    return lambda kept: effective_rank_paper_of_gram(kept_part(matrix, kept), width).item()
