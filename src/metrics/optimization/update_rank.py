"""How many directions an update of a weight matrix uses, from its singular values."""

import torch
from jaxtyping import Float
from torch import Tensor

from src.metrics.shared.entropy import spectral_entropy
from src.metrics.shared.shapes import Scalar, Spectrum

Matrix = Float[Tensor, "out in"]
Tall = Float[Tensor, "out rank"]
Wide = Float[Tensor, "rank in"]


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


def singular_values_of_product(b: Tall, a: Wide) -> Spectrum:
    """Singular values of BA, descending, float64, without building the out x in matrix.

    QR of B and of A^T, then the SVD of the small R_B R_A^T; min(out, rank, in) values.
    """
    r_b = torch.linalg.qr(b.double(), mode="r").R
    r_a = torch.linalg.qr(a.double().T, mode="r").R
    return torch.linalg.svdvals(r_b @ r_a.T)


def singular_values(matrix: Matrix) -> Spectrum:
    """Singular values of a matrix, descending, float64, from the eigenvalues of its smaller Gram matrix.

    Several times faster than an SVD; values below 1e-8 of the largest are rounding, which is less than the
    rounding in the difference of two float32 weights.
    """
    matrix = matrix.double()
    tall = matrix if matrix.shape[0] >= matrix.shape[1] else matrix.T
    return torch.linalg.eigvalsh(tall.T @ tall).clamp(min=0).sqrt().flip(0)
