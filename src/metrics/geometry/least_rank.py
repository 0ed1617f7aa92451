"""How few directions of a layer hold most of its energy, and whether they serve the next layer too."""

from torch import Tensor

from src.metrics.shared.energy import SHARE, centred, inside, least_rank_of
from src.metrics.shared.rows import Kind, Rows
from src.metrics.shared.shapes import Scalar
from src.metrics.shared.together import together


@together()
def least_rank(rows: Rows, kept: Tensor, share: float = SHARE) -> Scalar:
    """Directions that hold a share (metrics.energy_share, 0.95) of the squared norm of the centred rows.

    Between two whole numbers the energy is taken as straight, so the least whole number is this rounded up.
    Range above 0 to min(N - 1, D), a number of directions; it grows with N, so compare at equal N. Invariant
    under rotation, shift, isotropic scaling and the order of samples. NaN where the samples do not vary.
    DataError below 2 samples. Source: Çakar et al. 2026 (arXiv 2604.17224, abstract: activations lie in few
    directions; thresholds INFERRED).
    """
    return least_rank_of(rows.spectrum(Kind.CENTRED, kept), share)


@together()
def least_rank_uncentred(rows: Rows, kept: Tensor, share: float = SHARE) -> Scalar:
    """`least_rank` of the rows as they are, where one large mean direction alone may hold the share.

    Range above 0 to min(N, D), a number of directions; it grows with N. Invariant under rotation, isotropic
    scaling and the order of samples. NaN where all rows are zero. DataError below 1 sample. Source: Çakar
    et al. 2026 (arXiv 2604.17224, uncentred as its compression is; thresholds INFERRED).
    """
    return least_rank_of(rows.spectrum(Kind.RAW, kept), share)


@together()
def next_layer_share(rows: Rows, following: Rows, kept: Tensor, share: float = SHARE) -> Scalar:
    """Share of the squared norm of the next layer's centred rows in this layer's fewest directions.

    Those are the fewest that hold metrics.energy_share (0.95) of this layer's centred rows: near it where one
    basis serves the depth. Range 0 to 1, no unit; missing for the last layer. Invariant under a common
    rotation, shifts, scaling of either side and the order of samples. NaN where a side does not vary.
    DataError below 2 samples. Source: Çakar et al. 2026 (arXiv 2604.17224: one basis over unrolled steps;
    the measure is ours).
    """
    return inside(centred(rows.pooled[kept]), centred(following.pooled[kept]), share)


@together()
def next_layer_share_uncentred(rows: Rows, following: Rows, kept: Tensor, share: float = SHARE) -> Scalar:
    """`next_layer_share` of the rows as they are.

    Range 0 to 1, no unit; missing for the last layer. Invariant under a common rotation, scaling of either
    side and the order of samples. NaN where a side is zero. DataError below 1 sample. Source: Çakar et al.
    2026 (arXiv 2604.17224: one basis over unrolled steps; the measure is ours).
    """
    return inside(rows.pooled[kept], following.pooled[kept], share)
