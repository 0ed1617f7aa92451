"""Norms of weight updates, in float64."""

import torch
from jaxtyping import Float
from torch import Tensor

from src.metrics.shared.shapes import Scalar

Tall = Float[Tensor, "out rank"]
Wide = Float[Tensor, "rank in"]
Weight = Float[Tensor, "..."]


def squared_norm(weight: Weight) -> Scalar:
    """Squared Frobenius norm."""
    return torch.linalg.vector_norm(weight, dtype=torch.float64).square()


def squared_norm_of_product(b: Tall, a: Wide) -> Scalar:
    """||BA||_F^2 = tr((B^T B)(A A^T)), without building the out x in matrix."""
    b, a = b.double(), a.double()
    return ((b.T @ b) * (a @ a.T)).sum()


def relative_change(squared_update: Scalar, squared_base: Scalar) -> Scalar:
    """sqrt(sum_t ||dW_t||^2) / sqrt(sum_t ||W_t||^2) from the two sums over weight tensors t.

    At least 0, no unit; 0 is untouched. Invariant under a common scaling of weights and updates. NaN if
    every base weight is zero and none changed.
    """
    return (squared_update / squared_base).sqrt()
