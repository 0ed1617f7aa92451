"""How far an update turns the leading singular directions of a weight matrix."""

import torch
from jaxtyping import Float
from torch import Tensor

from src.metrics.shared.leading_subspaces import Matrix, Sum, Tall, Wide, leading_subspaces
from src.metrics.shared.shapes import Scalar, Spectrum
from src.metrics.shared.tensor_update import Parts, TensorUpdate, as_matrices

NUM_DIRECTIONS = 10


def singular_rotation(base: Matrix, tuned: Matrix) -> Scalar:
    """Mean principal angle between the leading singular subspaces of W and of W + dW, left and right.

    The subspaces are those of the 10 largest singular values, or of half of them where the smaller side of
    the matrix is below 20. The value is the mean of all angles of both sides. Range 0 to pi / 2, rad.
    Invariant under a common rotation of either side and under a common scaling. Where the 10th and the 11th
    singular value nearly agree, a small update may turn the last direction far: that is the matrix, not
    rounding. For a kind of tensor and a block: the mean over its matrices, an untrained one counting as 0.
    NaN where W or W + dW is zero. Source: Björck and Golub 1973 (angles).
    """
    return _rotation(Sum(base.double()), Sum(tuned.double()))


def singular_rotation_of_factors(base: Matrix, b: Tall, a: Wide) -> Scalar:
    """`singular_rotation` of W and W + BA, without building W + BA where the matrix is large."""
    plain = Sum(base.double())
    return _rotation(plain, Sum(plain.matrix, (b.double(), a.double()), plain))


def singular_rotation_parts(update: TensorUpdate) -> Parts:
    """(rotation, 1) of each matrix."""
    bases = as_matrices(update.whole_base)
    one = torch.ones((), dtype=torch.float64)
    if update.factors is not None:
        found = [singular_rotation_of_factors(bases[0], *update.factors)]
    elif update.tuned is None:
        found = [0 * one for _ in bases]
    else:
        pairs = zip(bases, as_matrices(update.tuned), strict=True)
        found = [singular_rotation(base.to(tuned.device), tuned) for base, tuned in pairs]
    return [(rotation, one) for rotation in found]


def principal_angles(first: Float[Tensor, "dim k"], second: Float[Tensor, "dim k"]) -> Spectrum:
    """Angles between two subspaces given by orthonormal bases, ascending, radians.

    From sine and cosine together, so that small angles are not lost in rounding.
    """
    cosines = torch.linalg.svdvals(first.T @ second)
    sines = torch.linalg.svdvals(second - first @ (first.T @ second)).flip(0)
    return torch.atan2(sines, cosines)


def _rotation(base: Sum, tuned: Sum) -> Scalar:
    num_directions = max(min(NUM_DIRECTIONS, min(base.matrix.shape) // 2), 1)
    if not base.matrix.any() or not (tuned.factors or tuned.matrix.any()):
        return base.matrix.new_full((), torch.nan)
    pairs = zip(
        leading_subspaces(base, num_directions), leading_subspaces(tuned, num_directions), strict=True
    )
    return torch.cat([principal_angles(*pair) for pair in pairs]).mean()
