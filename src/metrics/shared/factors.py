"""Norms, inner products and singular values of a matrix, or of a product BA that is never built; float64."""

import torch
from jaxtyping import Float
from torch import Tensor

from src.metrics.shared.shapes import Scalar, Spectrum

Matrix = Float[Tensor, "out in"]
Tall = Float[Tensor, "out rank"]
Wide = Float[Tensor, "rank in"]
Weight = Float[Tensor, "..."]


def squared_norm(weight: Weight) -> Scalar:
    """Squared Frobenius norm."""
    return torch.linalg.vector_norm(weight, dtype=torch.float64).square()


def squared_norm_of_product(b: Tall, a: Wide) -> Scalar:
    """||BA||_F^2 = tr((B^T B)(A A^T))."""
    b, a = b.double(), a.double()
    return ((b.T @ b) * (a @ a.T)).sum()


def inner(first: Weight, second: Weight) -> Scalar:
    """<A, B>: the sum of the products of their numbers."""
    return (first.double() * second.double()).sum()


def inner_with_product(b: Tall, a: Wide, other: Matrix) -> Scalar:
    """<BA, G> = tr(A G^T B)."""
    return (b.double() * (other.double() @ a.double().T)).sum()


def singular_values(matrix: Matrix) -> Spectrum:
    """Singular values of a matrix, descending, from the eigenvalues of its smaller Gram matrix.

    Several times faster than an SVD; values below 1e-8 of the largest are rounding, which is less than the
    rounding in the difference of two float32 weights.
    """
    matrix = matrix.double()
    tall = matrix if matrix.shape[0] >= matrix.shape[1] else matrix.T
    return torch.linalg.eigvalsh(tall.T @ tall).clamp(min=0).sqrt().flip(0)


def singular_values_of_product(b: Tall, a: Wide) -> Spectrum:
    """Singular values of BA, descending: QR of B and of A^T, then the SVD of the small R_B R_A^T.

    min(out, rank, in) values.
    """
    r_b = torch.linalg.qr(b.double(), mode="r").R
    r_a = torch.linalg.qr(a.double().T, mode="r").R
    return torch.linalg.svdvals(r_b @ r_a.T)
