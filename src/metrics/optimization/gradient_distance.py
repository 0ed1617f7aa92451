"""How unlike the gradients of two objectives are at the same weights on the same inputs."""

import torch

from src.metrics.shared.factors import Matrix, Weight, inner, squared_norm
from src.metrics.shared.shapes import Scalar
from src.metrics.shared.tensor_update import Parts, as_matrices


def objective_cosine_distance(product: Scalar, squared_first: Scalar, squared_second: Scalar) -> Scalar:
    """1 - <G, H> / (||G|| ||H||) of the gradients G and H of the pretraining and the tuning objective.

    The arguments are sums over the weights of a block, or of a kind in it. Range 0 (one direction) to 2
    (opposite ones), no unit; 1 where neither says anything of the other. Invariant under scaling of either
    objective and under a common rotation. NaN where a gradient is zero. INFERRED: that the distance is made
    of gradients at the pretrained point is published, its formula is not. Source: Billa 2026 (arXiv
    2604.17177; the distance is theirs, this formula inferred).
    """
    return 1 - product / (squared_first * squared_second).sqrt()


def objective_procrustes_distance(nuclear: Scalar, squared_first: Scalar, squared_second: Scalar) -> Scalar:
    """Least distance of G/||G|| from H/||H|| over one rotation Q a matrix.

    That is sqrt(2 - 2 sum |G^T H|_* / (||G|| ||H||)). G and H are the gradients of the pretraining and the
    tuning objective; the sum and the norms run over the weight matrices of a block, or of a kind in it (a
    vector has no such Q and is left out), and |.|_* is the sum of singular values. Q turns the last axis of
    a matrix as it is stored, the inputs of a linear layer (GPT-2 stores the outputs last). Range 0 to
    sqrt(2), no unit. At most sqrt(2 - 2 cos) of the same matrices. Invariant under scaling of either
    objective and under such a Q for one of them. NaN where a gradient is zero. INFERRED: that the distance
    is made of gradients at the pretrained point is published, its formula is not. Source: Billa 2026 (arXiv
    2604.17177; the distance is theirs, this formula inferred); Schönemann 1966.
    """
    return (2 - 2 * nuclear / (squared_first * squared_second).sqrt()).clamp(min=0).sqrt()


def objective_cosine_distance_parts(first: Weight, second: Weight) -> Parts:
    """Inner product and squared norms of both gradients of one tensor."""
    return [(inner(first, second), squared_norm(first), squared_norm(second))]


def objective_procrustes_distance_parts(first: Weight, second: Weight) -> Parts:
    """The same of each matrix in it, with the nuclear norm of the product."""
    pairs = zip(as_matrices(first), as_matrices(second), strict=True)
    return [(nuclear_of_product(*pair), squared_norm(pair[0]), squared_norm(pair[1])) for pair in pairs]


def nuclear_of_product(first: Matrix, second: Matrix) -> Scalar:
    """|first^T second|_*, in float64; no matrix larger than the smaller side of a gradient is taken apart."""
    first, second = first.double(), second.double()
    if first.shape[0] >= first.shape[1]:
        return torch.linalg.svdvals(first.T @ second).sum()
    left, right = (torch.linalg.qr(one.T, mode="r").R for one in (first, second))
    return torch.linalg.svdvals(left @ right.T).sum()
