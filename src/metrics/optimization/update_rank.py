"""How many directions an update of a weight matrix uses, from its singular values."""

from collections.abc import Callable

from src.metrics.shared.entropy import spectral_entropy
from src.metrics.shared.shapes import Scalar, Spectrum
from src.metrics.shared.tensor_update import Parts, TensorUpdate


def update_effective_rank(values: Spectrum) -> Scalar:
    """Exponential of the entropy of s / sum(s), s the singular values [value] of the update dW.

    Range 1 to min(out, in), for LoRA at most its rank r; a number of directions. Invariant under rotation
    and scaling of dW. For a kind of tensor and for a block it is the mean over the trained matrices,
    weighted by ||dW||_F^2, so that a matrix that hardly moved hardly counts; vectors (norms, biases) have no
    rank and are left out. NaN where dW is zero. Source: Roy and Vetterli 2007.
    """
    return spectral_entropy(values, alpha=1.0).exp()


def update_stable_rank(values: Spectrum) -> Scalar:
    """||dW||_F^2 / ||dW||_2^2 from the singular values [value] of the update dW.

    Range 1 to rank(dW), a number of directions; never more than the rank and little moved by small singular
    values. Invariant under rotation and scaling of dW. Kinds and blocks: the mean as in
    `update_effective_rank`. NaN where dW is zero. Source: Rudelson and Vershynin 2007.
    """
    return (values / values.max()).square().sum()


def update_effective_rank_parts(update: TensorUpdate) -> Parts:
    """The rank of each matrix, weighted."""
    return _weighted(update_effective_rank, update)


def update_stable_rank_parts(update: TensorUpdate) -> Parts:
    """The rank of each matrix, weighted."""
    return _weighted(update_stable_rank, update)


def _weighted(rank: Callable[[Spectrum], Scalar], update: TensorUpdate) -> Parts:
    """(rank x ||dW||_F^2, ||dW||_F^2) of each matrix that moved."""
    squares = [(values, values.square().sum()) for values in update.spectra]
    return [(rank(values) * square, square) for values, square in squares if square]
