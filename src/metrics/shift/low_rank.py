"""How few directions hold what training changed, and what of the tuned states leaves those of the base."""

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


def change_least_rank(base: Pooled, tuned: Pooled, share: float = SHARE) -> Scalar:
    """`least_rank` of the change Y - X, its mean over samples taken off.

    Range above 0 to min(N - 1, D), a number of directions; it grows with N, so compare at equal N. Invariant
    under a common rotation, shifts, common scaling and a common order of samples. NaN where the change does
    not vary. DataError below 2 samples. Source: Çakar et al. 2026 (arXiv 2604.17224: few directions;
    thresholds INFERRED, of the change is ours).
    """
    check_samples("change_least_rank", len(base))
    return least_rank_of(_change(base, tuned).spectrum(Kind.CENTRED), share)


def change_least_rank_uncentred(base: Pooled, tuned: Pooled, share: float = SHARE) -> Scalar:
    """`change_least_rank` with what all samples share: a common shift is one direction.

    Range above 0 to min(N, D), a number of directions; it grows with N. Invariant under a common rotation,
    common scaling and a common order of samples. NaN where nothing changed. DataError below 1 sample. Source:
    Çakar et al. 2026 (arXiv 2604.17224: few directions; thresholds INFERRED, of the change is ours).
    """
    check_samples("change_least_rank_uncentred", len(base))
    return least_rank_of(_change(base, tuned).spectrum(Kind.RAW), share)


def outside_base_share(base: Pooled, tuned: Pooled, share: float = SHARE) -> Scalar:
    """Share of the squared norm of the tuned centred rows outside of the base's fewest directions.

    Those are the fewest that hold metrics.energy_share (0.95) of the base's centred rows. Range 0 to 1, no
    unit; at most 1 - 0.95 where nothing changed. Invariant under a common rotation, shifts, scaling of either
    side and the order of samples of either. NaN where a side does not vary. DataError below 2 samples.
    Source: Çakar et al. 2026 (arXiv 2604.17224: fidelity of a basis; of the base for the tuned is ours).
    """
    check_samples("outside_base_share", len(base))
    return 1 - inside(centred(base), centred(tuned), share)


def outside_base_share_uncentred(base: Pooled, tuned: Pooled, share: float = SHARE) -> Scalar:
    """`outside_base_share` of the rows as they are.

    Range 0 to 1, no unit; at most 1 - 0.95 where nothing changed. Invariant under a common rotation, scaling
    of either side and the order of samples of either. NaN where a side is zero. DataError below 1 sample.
    Source: Çakar et al. 2026 (arXiv 2604.17224: fidelity of a basis; of the base for the tuned is ours).
    """
    check_samples("outside_base_share_uncentred", len(base))
    return 1 - inside(base, tuned, share)


def change_least_rank_statistic(base: Rows, tuned: Rows, share: float = SHARE) -> Statistic:
    """`change_least_rank` as a function of the kept samples."""
    return spectrum_statistic(_change(base.pooled, tuned.pooled), share, Kind.CENTRED)


def change_least_rank_uncentred_statistic(base: Rows, tuned: Rows, share: float = SHARE) -> Statistic:
    """`change_least_rank_uncentred` as a function of the kept samples."""
    return spectrum_statistic(_change(base.pooled, tuned.pooled), share, Kind.RAW)


def outside_base_share_statistic(base: Rows, tuned: Rows, share: float = SHARE) -> Statistic:
    """`outside_base_share` as a function of the kept samples."""
    found = inside_statistic(base, tuned, share, centre=True)
    return lambda kept: 1 - found(kept)


def outside_base_share_uncentred_statistic(base: Rows, tuned: Rows, share: float = SHARE) -> Statistic:
    """`outside_base_share_uncentred` as a function of the kept samples."""
    found = inside_statistic(base, tuned, share, centre=False)
    return lambda kept: 1 - found(kept)


def _change(base: Pooled, tuned: Pooled) -> Rows:
    return Rows(tuned.double() - base.double())
