"""How far two sets of representations are from being rotations of each other."""

import torch
from torch import Tensor

from src.metrics.shared.axes import Axes, axes
from src.metrics.shared.gram import ROUNDING
from src.metrics.shared.shapes import Scalar
from src.metrics.shared.together import together


@together(lambda base, tuned: (axes(base), axes(tuned)))
def procrustes_distance(base: Axes, tuned: Axes, kept: Tensor) -> Scalar:
    """Least |X - YQ|_F over orthogonal Q = sqrt(2 - 2 |X^T Y|_*), the orthogonal Procrustes distance.

    X and Y are the column-centred sides over their Frobenius norms; |.|_* is the sum of singular values.
    Range 0 to sqrt(2), no unit. A metric on shapes: symmetric, with the triangle inequality. Invariant under
    rotation, shift and isotropic scaling of either side, and any common order of samples. Differences below
    about 5e-7 are rounding and count as 0. NaN where a side does not vary. DataError below 2 samples.
    Source: Schönemann 1966; Williams et al. 2021 (as a shape metric; Ding et al. 2021 use its square).
    """
    # from centred coordinates [sample, value]; their bases change no singular value
    cross, first, second = (torch.zeros((), dtype=torch.float64) for _ in range(3))
    for one, other in zip(base.kept(kept), tuned.kept(kept), strict=True):
        cross = cross + one.T @ other
        first, second = first + one.square().sum(), second + other.square().sum()
    lengths = (first * second).sqrt()
    if lengths == 0:
        return lengths / 0.0
    left = 1 - torch.linalg.svdvals(cross).sum() / lengths
    return (2 * torch.where(left > ROUNDING, left, 0.0)).sqrt()
