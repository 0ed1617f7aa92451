"""How long a layer's pooled vectors are."""

from src.metrics.catalog import check_samples
from src.metrics.shared.shapes import PerSample, Pooled
from src.metrics.shared.strips import of_each


def l2_norm(pooled: Pooled) -> PerSample:
    """||x_n||_2 of every sample n; the metric is their mean, as published.

    At least 0, in the unit of the hidden states. Invariant under rotation and the order of samples. A layer
    of zeros has norm 0. DataError without samples. Source: Zhao et al. 2026 (arXiv 2604.11838, as coded).
    """
    check_samples("l2_norm", len(pooled))
    return of_each(lambda rows: rows.norm(dim=1), pooled)
