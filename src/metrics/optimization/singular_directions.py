"""Which directions of a weight matrix an update uses, and whether it turns or stretches them."""

from collections.abc import Callable

from src.metrics.shared.factors import singular_values, squared_norm
from src.metrics.shared.leading_subspaces import Matrix, Sum, leading_subspaces
from src.metrics.shared.shapes import Scalar
from src.metrics.shared.tensor_update import Parts, TensorUpdate, as_matrices

LEADING = 0.1875  # of the smaller side: the published 768 directions of 4,096


def update_leading_share(base: Matrix, update: Matrix) -> Scalar:
    """||U^T dW V||_F^2 / ||dW||_F^2, U and V the leading k singular directions of W.

    k is 0.1875 of the smaller side of the matrix, the published 768 of 4,096; for a narrow matrix INFERRED.
    Range 0 to 1, no unit. An update without preferred directions has k^2 / (out in), 0.035 of a square
    matrix; one that multiplies W has the share of W's own leading directions. Invariant under a common
    rotation of either side and under scaling of dW. For a kind of tensor and a block the sums run over its
    matrices. NaN where dW is zero. Source: Jin et al. 2026 (arXiv 2605.10973: the penalised quantity; the
    ratio is ours).
    """
    return _leading(base.double(), update.double()) / squared_norm(update)


def singular_value_change(base: Matrix, update: Matrix) -> Scalar:
    """||s(W + dW) - s(W)||^2 / ||dW||_F^2, s the singular values in descending order.

    The share of an update that stretches; the rest turns directions. Range 0 (W + dW is a rotation of W) to 1
    (Mirsky; a multiple of W), no unit. Invariant under rotation of either side and common scaling. For a
    kind of tensor and a block the sums run over its matrices. NaN where dW is zero. Source: Jin et al. 2026
    (arXiv 2605.10973: singular values barely move; the ratio is ours); Mirsky 1960.
    """
    return _stretch(base.double(), update.double()) / squared_norm(update)


def update_leading_share_parts(update: TensorUpdate) -> Parts:
    """(share x ||dW||_F^2, ||dW||_F^2) of each matrix that trained."""
    return _parts(_leading, update)


def singular_value_change_parts(update: TensorUpdate) -> Parts:
    """(share x ||dW||_F^2, ||dW||_F^2) of each matrix that trained."""
    return _parts(_stretch, update)


def _leading(base: Matrix, update: Matrix) -> Scalar:
    count = max(round(LEADING * min(base.shape)), 1)
    left, right = leading_subspaces(Sum(base), count)
    return squared_norm(left.T @ (update @ right))


def _stretch(base: Matrix, update: Matrix) -> Scalar:
    return (singular_values(base + update) - singular_values(base)).square().sum()


def _parts(measure: Callable[[Matrix, Matrix], Scalar], update: TensorUpdate) -> Parts:
    """One matrix at a time is built where it is a product."""
    difference = update.difference
    if update.factors is not None:
        moved = [update.factors[0].double() @ update.factors[1].double()]
    else:
        moved = [] if difference is None else [matrix.double() for matrix in as_matrices(difference)]
    pairs = list(zip(as_matrices(update.whole_base), moved, strict=True)) if moved else []
    return [(measure(base.to(one.device).double(), one), squared_norm(one)) for base, one in pairs]
