"""How few directions of a layer hold most of its energy, and whether they serve the next layer too."""

from src.metrics.catalog import check_samples
from src.metrics.shared.energy import (
    SHARE,
    centred,
    inside,
    inside_statistic,
    least_rank_of,
    spectrum_statistic,
)
from src.metrics.shared.rows import Kind, Rows
from src.metrics.shared.shapes import Pooled, Scalar, Statistic


def least_rank(pooled: Pooled, share: float = SHARE) -> Scalar:
    """Directions that hold a share (metrics.energy_share, 0.95) of the squared norm of the centred rows.

    Between two whole numbers the energy is taken as straight, so the least whole number is this rounded up.
    Range above 0 to min(N - 1, D), a number of directions; it grows with N, so compare at equal N. Invariant
    under rotation, shift, isotropic scaling and the order of samples. NaN where the samples do not vary.
    DataError below 2 samples. Source: Çakar et al. 2026 (arXiv 2604.17224, abstract: activations lie in few
    directions; thresholds INFERRED).
    """
    check_samples("least_rank", len(pooled))
    return least_rank_of(Rows(pooled).spectrum(Kind.CENTRED), share)


def least_rank_uncentred(pooled: Pooled, share: float = SHARE) -> Scalar:
    """`least_rank` of the rows as they are, where one large mean direction alone may hold the share.

    Range above 0 to min(N, D), a number of directions; it grows with N. Invariant under rotation, isotropic
    scaling and the order of samples. NaN where all rows are zero. DataError below 1 sample. Source: Çakar
    et al. 2026 (arXiv 2604.17224, uncentred as its compression is; thresholds INFERRED).
    """
    check_samples("least_rank_uncentred", len(pooled))
    return least_rank_of(Rows(pooled).spectrum(Kind.RAW), share)


def next_layer_share(pooled: Pooled, following: Pooled, share: float = SHARE) -> Scalar:
    """Share of the squared norm of the next layer's centred rows in this layer's fewest directions.

    Those are the fewest that hold metrics.energy_share (0.95) of this layer's centred rows: near it where one
    basis serves the depth. Range 0 to 1, no unit; missing for the last layer. Invariant under a common
    rotation, shifts, scaling of either side and the order of samples. NaN where a side does not vary.
    DataError below 2 samples. Source: Çakar et al. 2026 (arXiv 2604.17224: one basis over unrolled steps;
    the measure is ours).
    """
    check_samples("next_layer_share", len(pooled))
    return inside(centred(pooled), centred(following), share)


def next_layer_share_uncentred(pooled: Pooled, following: Pooled, share: float = SHARE) -> Scalar:
    """`next_layer_share` of the rows as they are.

    Range 0 to 1, no unit; missing for the last layer. Invariant under a common rotation, scaling of either
    side and the order of samples. NaN where a side is zero. DataError below 1 sample. Source: Çakar et al.
    2026 (arXiv 2604.17224: one basis over unrolled steps; the measure is ours).
    """
    check_samples("next_layer_share_uncentred", len(pooled))
    return inside(pooled, following, share)


def least_rank_statistic(rows: Rows, share: float = SHARE) -> Statistic:
    """`least_rank` as a function of the kept samples."""
    return spectrum_statistic(rows, share, Kind.CENTRED)


def least_rank_uncentred_statistic(rows: Rows, share: float = SHARE) -> Statistic:
    """`least_rank_uncentred` as a function of the kept samples."""
    return spectrum_statistic(rows, share, Kind.RAW)


def next_layer_share_statistic(rows: Rows, following: Rows, share: float = SHARE) -> Statistic:
    """`next_layer_share` as a function of the kept samples."""
    return inside_statistic(rows, following, share, centre=True)


def next_layer_share_uncentred_statistic(rows: Rows, following: Rows, share: float = SHARE) -> Statistic:
    """`next_layer_share_uncentred` as a function of the kept samples."""
    return inside_statistic(rows, following, share, centre=False)
