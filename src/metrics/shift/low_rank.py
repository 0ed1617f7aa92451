"""How few directions hold what training changed, and what of the tuned states leaves those of the base."""

from torch import Tensor

from src.metrics.shared.energy import SHARE, centred, inside, least_rank_of
from src.metrics.shared.rows import Kind, Rows
from src.metrics.shared.shapes import Scalar
from src.metrics.shared.together import together


def _change(base: Rows, tuned: Rows) -> tuple[Rows]:
    return (Rows(tuned.pooled.double() - base.pooled.double()),)


@together(_change)
def change_least_rank(change: Rows, kept: Tensor, share: float = SHARE) -> Scalar:
    """`least_rank` of the change Y - X, its mean over samples taken off.

    Range above 0 to min(N - 1, D), a number of directions; it grows with N, so compare at equal N. Invariant
    under a common rotation, shifts, common scaling and a common order of samples. NaN where the change does
    not vary. DataError below 2 samples. Source: Çakar et al. 2026 (arXiv 2604.17224: few directions;
    thresholds INFERRED, of the change is ours).
    """
    return least_rank_of(change.spectrum(Kind.CENTRED, kept), share)


@together(_change)
def change_least_rank_uncentred(change: Rows, kept: Tensor, share: float = SHARE) -> Scalar:
    """`change_least_rank` with what all samples share: a common shift is one direction.

    Range above 0 to min(N, D), a number of directions; it grows with N. Invariant under a common rotation,
    common scaling and a common order of samples. NaN where nothing changed. DataError below 1 sample. Source:
    Çakar et al. 2026 (arXiv 2604.17224: few directions; thresholds INFERRED, of the change is ours).
    """
    return least_rank_of(change.spectrum(Kind.RAW, kept), share)


@together()
def outside_base_share(base: Rows, tuned: Rows, kept: Tensor, share: float = SHARE) -> Scalar:
    """Share of the squared norm of the tuned centred rows outside of the base's fewest directions.

    Those are the fewest that hold metrics.energy_share (0.95) of the base's centred rows. Range 0 to 1, no
    unit; at most 1 - 0.95 where nothing changed. Invariant under a common rotation, shifts, scaling of either
    side and the order of samples of either. NaN where a side does not vary. DataError below 2 samples.
    Source: Çakar et al. 2026 (arXiv 2604.17224: fidelity of a basis; of the base for the tuned is ours).
    """
    return 1 - inside(centred(base.pooled[kept]), centred(tuned.pooled[kept]), share)


@together()
def outside_base_share_uncentred(base: Rows, tuned: Rows, kept: Tensor, share: float = SHARE) -> Scalar:
    """`outside_base_share` of the rows as they are.

    Range 0 to 1, no unit; at most 1 - 0.95 where nothing changed. Invariant under a common rotation, scaling
    of either side and the order of samples of either. NaN where a side is zero. DataError below 1 sample.
    Source: Çakar et al. 2026 (arXiv 2604.17224: fidelity of a basis; of the base for the tuned is ours).
    """
    return 1 - inside(base.pooled[kept], tuned.pooled[kept], share)
